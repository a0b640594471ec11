"""The routes file's form: strict, every field explained, a schema for editors made from it."""

import re
from typing import Annotated, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gateway.limits.notation import Limit
from gateway.policy import Access, OnStale, OnStoreFailure
from gateway.proxy.balance import Balance
from gateway.proxy.headers import travels
from gateway.proxy.route import Identity

_PREFIX = re.compile(r"/|(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_VALUE = re.compile(r"[\x20-\x7e]{0,1024}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "host"})
_FAULTS = frozenset({"connect", "reset", "timeout", "malformed", "truncated"})


def split_url(url: str) -> SplitResult:
    """Scheme, host and port of an upstream; raises ValueError with a sentence."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError("is no URL such as http://orders:8080")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("has a path; say it in the route's rewrite")
    try:
        parts.hostname.encode("ascii")
        _ = parts.port
    except ValueError:
        raise ValueError("is no URL such as http://orders:8080") from None
    return parts


def _url(text: str) -> str:
    split_url(text)
    return text


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        raise ValueError("is no plain prefix such as /orders")
    return "" if text == "/" else text


def _rewrite(text: str) -> str:
    return "" if text in {"", "/"} else _prefix(text)


def _limit(text: str) -> str:
    Limit.parse(text)
    return text


def _method(text: str) -> str:
    if text not in _METHODS:
        raise ValueError(f"is none of {', '.join(sorted(_METHODS))}")
    return text


def _fault(text: str) -> str:
    if text not in _FAULTS:
        raise ValueError(f"is none of {', '.join(sorted(_FAULTS))}")
    return text


def _header(text: str) -> str:
    if not _HEADER.fullmatch(text) or text.lower() in _FRAMING:
        raise ValueError("is no header that a rule may name")
    return text.lower()


def _value(text: str) -> str:
    if not _VALUE.fullmatch(text):
        raise ValueError("is no value of a header")
    return text


Url = Annotated[str, AfterValidator(_url)]
Prefix = Annotated[str, AfterValidator(_prefix)]
Rewrite = Annotated[str, AfterValidator(_rewrite)]
Notation = Annotated[str, AfterValidator(_limit)]
Method = Annotated[str, AfterValidator(_method)]
Fault = Annotated[str, AfterValidator(_fault)]
Header = Annotated[str, AfterValidator(_header)]
Value = Annotated[str, AfterValidator(_value)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$")]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Status = Annotated[int, Field(ge=500, le=599)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class EjectionPart(_Part):
    failures: int = Field(5, ge=1, description="In a row, until an endpoint is left alone.")
    seconds: Seconds = Field(10, description="The first time; doubles with every further time.")
    max_seconds: Seconds = Field(300, description="And never longer than this.")
    max_share: float = Field(0.5, ge=0, le=1, description="Of the endpoints, left alone at once.")


class BreakerPart(_Part):
    failures: int = Field(5, ge=1, description="In a row, until nobody calls.")
    open_seconds: Seconds = Field(30, description="Until one trial call decides.")


class BulkheadPart(_Part):
    max_concurrent: int = Field(512, ge=1, description="Requests at the upstream at once.")
    max_waiting: int = Field(512, ge=0, description="Requests waiting for a place at once.")
    max_wait_seconds: Annotated[float, Field(ge=0, le=60)] = Field(
        0.5, description="The longest wait for a place."
    )


class RetryBudgetPart(_Part):
    ratio: float = Field(0.2, ge=0, le=1, description="Retries per request, in the long run.")
    per_second: float = Field(1.0, ge=0, le=1000, description="Retries there are however few the requests.")


class TlsPart(_Part):
    ca_file: str | None = Field(
        None, description="PEM of who signs the upstream; the system's store when absent."
    )
    cert_file: str | None = Field(None, description="PEM chain to present to the upstream.")
    key_file: str | None = Field(None, description="PEM key of that chain.")
    server_name: str | None = Field(
        None, description="The name its certificate must carry; the URL's when absent."
    )


class UpstreamPart(_Part):
    targets: tuple[Url, ...] = Field(
        (), max_length=256, description="Its endpoints, each as http://host:port."
    )
    dns: Url | None = Field(None, description="Or one URL whose name has an address for each endpoint.")
    dns_refresh_seconds: Seconds = Field(10, description="How often that name is looked up again.")
    balance: Balance = Field(Balance.ROUND_ROBIN, description="round_robin or least_requests.")
    ejection: EjectionPart | None = Field(EjectionPart(), description="null: endpoints are never left alone.")
    breaker: BreakerPart = BreakerPart()
    bulkhead: BulkheadPart = BulkheadPart()
    retry_budget: RetryBudgetPart = RetryBudgetPart()
    connect_timeout_seconds: Seconds = Field(2)
    keep_alive_seconds: Seconds = Field(
        4, description="Less than the upstream itself waits on an idle connection."
    )
    max_idle_connections: int = Field(64, ge=0, le=10_000, description="Kept for each endpoint.")
    tls: TlsPart = TlsPart()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.targets) == (self.dns is not None):
            raise ValueError("needs either targets or dns")
        if (self.tls.cert_file is None) != (self.tls.key_file is None):
            raise ValueError("needs tls.cert_file and tls.key_file together")
        return self


class AuthPart(_Part):
    access: Access = Field(Access.BEARER, description="bearer: a valid access token; public: whoever asks.")
    roles: tuple[str, ...] = Field((), description="Any one of them; every role when empty.")
    scopes: tuple[str, ...] = Field((), description="All of them, for tokens that carry scopes.")


class RevocationsPart(_Part):
    max_age_seconds: Seconds = Field(description="How old what is known of revocations may be.")
    when_older: OnStale = Field(OnStale.DENY, description="allow or deny.")


class RetriesPart(_Part):
    attempts: int = Field(2, ge=1, le=5, description="At most, the first one counted.")
    faults: tuple[Fault, ...] = Field(("connect", "reset"), description="Of idempotent requests.")
    statuses: tuple[Status, ...] = Field((), description="The same for these answers, such as 502, 503, 504.")
    attempt_timeout_seconds: Seconds | None = Field(
        None, description="Of one attempt; else all of the timeout."
    )


class HeaderPart(_Part):
    set: dict[Header, Value] = Field({}, description="Replaces what is there.")
    remove: tuple[Header, ...] = ()


class FallbackPart(_Part):
    last_good: bool = Field(description="Replay the latest good answer when the upstream has none.")
    max_bytes: int = Field(262_144, ge=1, le=8_388_608, description="Larger answers are not kept.")


class RoutePart(_Part):
    name: Name = Field(description="In metrics, logs and limits; unique.")
    prefix: Prefix = Field(description="/orders is /orders and everything under /orders/.")
    methods: tuple[Method, ...] = Field(("GET",), description="GET brings HEAD with it.")
    upstream: Name | None = Field(
        None, description="null: only decided about, for a proxy in front (forward-auth)."
    )
    auth: AuthPart = AuthPart()
    limits: tuple[Notation, ...] = Field((), description="Such as 100/minute by user.")
    on_store_failure: OnStoreFailure = Field(
        OnStoreFailure.LOCAL, description="Of the limits: open, closed, local."
    )
    revocations: RevocationsPart | None = None
    max_body_bytes: int | None = Field(None, ge=0, description="The gateway's own bound when absent.")
    body_timeout_seconds: Seconds | None = None
    timeout_seconds: Seconds = Field(15, description="To the head of the answer, or to all of a short one.")
    idle_timeout_seconds: Seconds = Field(60, description="Between the parts of a long answer.")
    retries: RetriesPart = RetriesPart(attempts=1)
    fallback: FallbackPart | None = None
    rewrite: Rewrite | None = Field(None, description='In the place of the prefix; "" strips it.')
    websocket: bool = False
    pass_host: bool = Field(default=False, description="The client's Host instead of the upstream's name.")
    pass_authorization: bool = Field(
        default=False, description="Hand the caller's own token to the upstream."
    )
    identity: Identity | None = Field(
        None, description="none, plain or signed; signed if there is a key for it."
    )
    request_headers: HeaderPart = HeaderPart()
    response_headers: HeaderPart = HeaderPart()

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if not self.methods:
            raise ValueError("has no methods")
        if self.auth.access is Access.PUBLIC and (self.auth.roles or self.auth.scopes):
            raise ValueError("asks for roles or scopes of whoever asks; make auth.access bearer")
        if any(not travels(name.encode()) for name in self.request_headers.set):
            raise ValueError("sets a request header that is the gateway's own to write")
        return self


class RoutesFile(_Part):
    upstreams: dict[Name, UpstreamPart] = {}
    routes: tuple[RoutePart, ...] = Field((), max_length=2000)

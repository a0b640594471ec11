"""What the gateway is told at its start, and what it refuses to start with."""

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from chassis.secret_key import weak
from chassis.settings import CommaSeparated, ServiceSettings
from chassis.settings_faults import weak_secret
from gateway.faults import contradictory, exposed, unlimited
from gateway.limits.notation import Limit
from gateway.limits.redis_address import RedisAddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HTTPS_ORIGIN = re.compile(r"https://[A-Za-z0-9.:\[\]-]+")


class GatewaySettings(ServiceSettings):
    namespaces: ClassVar[tuple[str, ...]] = (
        "GATEWAY_", "RATE_LIMIT_", "CORS_", "TRUSTED_", "HTTPS_", "SLO_", "ROUTES_",
    )  # fmt: skip

    gateway_host: str = Field("0.0.0.0", description="Address the public port listens on.")  # noqa: S104  # a container's
    gateway_port: int = Field(8000, ge=0, le=65535, description="The public port; 0 lets the system choose.")
    gateway_internal_host: str = Field(
        "0.0.0.0",  # noqa: S104  # probes and scrapes come from the node and from Prometheus
        description="Address the port for probes and metrics listens on.",
    )
    gateway_internal_port: int = Field(8001, ge=0, le=65535, description="The port for probes and metrics.")
    gateway_public_url: str | None = Field(
        None,
        pattern=r"^https?://[A-Za-z0-9.:\[\]-]+$",
        description="What clients call this gateway, for its metadata; made from its names when unset.",
    )
    gateway_server: Literal["uvicorn", "granian"] = Field(
        "uvicorn", description="The HTTP server underneath; docs/decisions/0007 tells where they differ."
    )

    auth_grpc_target: str = Field("dns:///auth:50051", description="Where auth answers gRPC.")
    triage_grpc_target: str = Field("dns:///triage:50052", description="Where triage answers gRPC.")
    auth_timeout_seconds: float = Field(0.9, gt=0, le=60, description="The longest a call to auth may take.")
    login_timeout_seconds: float = Field(
        10.0, gt=0, le=60, description="The longest a sign-in may take once auth has begun on it."
    )
    triage_timeout_seconds: float = Field(120.0, gt=0, le=900, description="The longest a triage may take.")

    triage_max_body_bytes: Annotated[int, Field(ge=1024)] = Field(
        64 * 1_048_576, description="Of the lines given to a triage, which are read as they come."
    )

    secret_key: SecretStr | None = Field(
        None, description="Verifies HS256 access tokens; only with TOKEN_ALGORITHM=HS256."
    )
    secret_key_previous: SecretStr | None = Field(
        None, description="Others still accepted, comma-separated: the old one while SECRET_KEY is changed."
    )
    token_algorithm: Literal["EdDSA", "ES256", "RS256", "HS256"] = Field(
        "EdDSA", description="How auth signs access tokens; HS256 needs SECRET_KEY here too."
    )
    token_issuer: str = Field(
        "api-reliability-suite",
        description="`iss` of the access tokens; as the gateway's https address it has metadata published.",
    )
    token_audience: str = Field("api", description="`aud` of the access tokens.")
    token_cache_size: int = Field(
        10_000, ge=0, le=1_000_000, description="Verified access tokens remembered at most."
    )

    trusted_hosts: CommaSeparated = Field(
        ("localhost", "127.0.0.1", "[::1]"),
        description="Names the gateway answers to; `*.example.com` stands for its subdomains.",
    )
    trusted_proxies: CommaSeparated = Field(
        (), description="CIDRs whose Forwarded and X-Forwarded-* headers are believed."
    )
    trusted_proxy_header: Literal["x-forwarded-for", "forwarded"] = Field(
        "x-forwarded-for",
        description="Which of the two your proxies write; the other comes from the client and is ignored.",
    )
    https_redirect_enabled: bool = Field(
        default=False, description="Refuse plain HTTP; redirect GET and HEAD to HTTPS."
    )
    https_redirect_host: str | None = Field(
        None, description="The name redirects go to; the first of TRUSTED_HOSTS when unset."
    )
    cors_allow_origins: CommaSeparated = Field(
        (), description="Origins of browsers' scripts, exactly as they are."
    )
    cors_allow_credentials: bool = Field(default=False, description="Whether those scripts may send cookies.")

    rate_limit_enabled: bool = Field(
        default=True, description="Off switches every limit off, for load tests; refused in production."
    )
    rate_limit_storage_uri: SecretStr = Field(
        SecretStr("redis://localhost:6379/0"),
        description="Redis or Valkey for limits over all replicas; memory:// for a single process.",
    )
    rate_limit_headers_enabled: bool = Field(
        default=False, description="Also the legacy X-RateLimit-* headers."
    )
    rate_limit_in_memory_fallback_enabled: bool = Field(
        default=False,
        description="While the store is gone, count in memory instead of the route's own policy.",
    )
    rate_limit_key_prefix: str = Field(
        "reliability", pattern=r"^[\w.:-]{0,64}$", description="Of keys in the store."
    )
    rate_limit_replicas: int | None = Field(
        None,
        ge=1,
        description="How many gateways share a limit while each counts on its own; "
        "when unset, as many as the store heard of lately.",
    )
    rate_limit_tenant_header: str | None = Field(
        None,
        pattern=r"^[a-z0-9-]{1,64}$",
        description="Header that names the tenant for limits by tenant; the host does when unset.",
    )
    rate_limit_store_timeout_ms: int = Field(
        40, ge=5, le=1000, description="The longest a request waits for the store of limits."
    )
    rate_limit_login: str = Field("5/minute", description="Sign-ins per address, and again per account.")
    rate_limit_refresh: str = Field("10/minute", description="Refreshes per address.")
    rate_limit_triage: str = Field("2/minute", description="Triages per user.")
    rate_limit_health: str = Field("5/minute", description="Public health checks per address.")
    rate_limit_default: str = Field(
        "600/minute", description="Of every other route of the gateway, per address."
    )

    circuit_breaker_cache_url: SecretStr | None = Field(
        None, description="Redis or Valkey for fallback answers; that of the limits when unset."
    )
    circuit_breaker_cache_ttl_seconds: int = Field(
        3600, ge=1, le=604_800, description="How long a good answer is kept to fall back to."
    )
    external_api_url: str | None = Field(None, description="The upstream of the sample route /external-api.")
    routes_file: Path | None = Field(None, description="YAML file of the routes to your own services.")
    identity_secret: SecretStr | None = Field(
        None, description="Signs X-Auth-Assertion, by which upstreams check who asks; they hold it too."
    )
    gateway_ext_authz_bind: str | None = Field(
        None, description="host:port for Envoy's ext_authz over gRPC; internal, not served when unset."
    )

    prometheus_base_url: str | None = Field(None, description="Prometheus, for live figures in /slo/report.")
    slo_target_success_ratio: float = Field(0.999, gt=0, le=1, description="Share of requests that succeed.")
    slo_target_p99_latency_seconds: float = Field(0.5, gt=0, description="99 % of requests are faster.")

    chaos_routes_enabled: bool = Field(
        default=False, description="Routes that break things; never in production."
    )
    device_cookie_secure: bool = Field(default=True, description="Whether the device cookie needs HTTPS.")

    max_body_bytes: Annotated[int, Field(ge=1024)] = Field(1_048_576, description="Of a request's body.")
    max_header_bytes: Annotated[int, Field(ge=1024)] = Field(16_384, description="Of all headers together.")
    max_header_count: Annotated[int, Field(ge=8)] = Field(64, description="Headers of a request.")
    max_query_bytes: Annotated[int, Field(ge=0)] = Field(8192, description="Of the query string.")
    body_timeout_seconds: float = Field(15.0, gt=0, description="A body arrives whole within.")
    header_timeout_seconds: float = Field(10.0, gt=0, description="Headers arrive whole within.")
    keep_alive_seconds: int = Field(
        75, ge=1, description="An idle connection is kept for; on granian HEADER_TIMEOUT_SECONDS says so."
    )
    drain_seconds: int = Field(20, ge=1, le=300, description="Running requests get this long at shutdown.")

    @field_validator(
        "rate_limit_login",
        "rate_limit_refresh",
        "rate_limit_triage",
        "rate_limit_health",
        "rate_limit_default",
    )
    @classmethod
    def _limit(cls, text: str) -> str:
        Limit.parse(text)
        return text

    @field_validator("rate_limit_storage_uri", "circuit_breaker_cache_url")
    @classmethod
    def _storage(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and "memory" not in given.get_secret_value().partition(":")[0]:
            RedisAddress.parse(given.get_secret_value())
        return given

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for text in given:
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError:
                raise ValueError("every entry is an address or a CIDR such as 10.0.0.0/8") from None
        return given

    @field_validator("cors_allow_origins")
    @classmethod
    def _origins(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for origin in given:
            scheme, _, rest = origin.partition("://")
            if origin != "*" and (scheme not in {"http", "https"} or not rest or "/" in rest or "*" in rest):
                raise ValueError("every entry is an origin such as https://app.example.com, or *")
        return given

    @property
    def proxies(self) -> tuple[Network, ...]:
        return tuple(ipaddress.ip_network(text, strict=False) for text in self.trusted_proxies)

    @property
    def symmetric(self) -> bool:
        return self.token_algorithm == "HS256"  # noqa: S105  # an algorithm's name

    @property
    def public_url(self) -> str:
        if self.gateway_public_url is not None:
            return self.gateway_public_url
        if _HTTPS_ORIGIN.fullmatch(self.token_issuer):
            return self.token_issuer
        return f"https://{self.redirect_host}" if self.hardened else f"http://localhost:{self.gateway_port}"

    @property
    def has_metadata(self) -> bool:
        """RFC 8414 has an issuer be the https address its metadata is found at; development may try any."""
        return not self.hardened or _HTTPS_ORIGIN.fullmatch(self.token_issuer) is not None

    @property
    def redirect_host(self) -> str:
        return self.https_redirect_host or next(
            (host for host in self.trusted_hosts if "*" not in host), "localhost"
        )

    @property
    def cache_uri(self) -> SecretStr:
        return self.circuit_breaker_cache_url or self.rate_limit_storage_uri

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        yield from contradictory(self)

    def production_faults(self) -> Iterator[str]:
        yield from super().production_faults()
        yield from exposed(self)
        yield from unlimited(self)
        yield from weak(self.secret_key, self.secret_key_previous)
        secret = self.identity_secret
        if secret is not None and (fault := weak_secret("IDENTITY_SECRET", secret.get_secret_value())):
            yield fault

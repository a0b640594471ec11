"""Every refusal as an RFC 9457 problem: a stable type, the ids to ask about, nothing of the input."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import orjson

from chassis.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    ServiceError,
    Unauthenticated,
    Unavailable,
)

CONTENT_TYPE = b"application/problem+json"
_TYPE_PREFIX = "urn:problem-type:reliability:"
_STATUS: Mapping[type[ServiceError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Exhausted: 429,
    Unavailable: 503,
}
# Where HTTP has a better word than gRPC had.
_STATUS_OF_REASON: Mapping[str, int] = {"INVALID_PAGE_TOKEN": 404, "NOT_A_SERVICE_ACCOUNT": 409}
_TITLES: Mapping[int, str] = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    408: "Too slow",
    409: "Conflict",
    411: "Length required",
    413: "Body too large",
    414: "Address too long",
    415: "Media type not supported",
    421: "Wrong host",
    422: "Not valid",
    426: "Use HTTPS",
    429: "Too many requests",
    431: "Headers too large",
    500: "A fault on our side",
    502: "Upstream fault",
    503: "Not available now",
    504: "Upstream too slow",
}
_REALM = 'Bearer realm="api"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    status: int
    # UPPER_SNAKE_CASE and stable; becomes the last part of `type`.
    reason: str
    detail: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    # Further members of the document.
    members: Mapping[str, object] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return _TYPE_PREFIX + self.reason.lower().replace("_", "-")

    def document(self, *, request_id: str, trace_id: str) -> bytes:
        return orjson.dumps(
            {
                "type": self.type,
                "title": _TITLES.get(self.status, "Refused"),
                "status": self.status,
                "detail": self.detail,
                **self.members,
                "trace_id": trace_id,
                "request_id": request_id,
            },
        )


def retry_after(seconds: float) -> tuple[bytes, bytes]:
    return (b"retry-after", str(max(1, math.ceil(seconds))).encode())


def challenge(error: str | None = None, description: str | None = None) -> tuple[bytes, bytes]:
    """RFC 6750 section 3: no error code where no token was presented."""
    value = _REALM
    if error is not None:
        value += f', error="{error}", error_description="{description or error}"'
    return (b"www-authenticate", value.encode())


def from_error(error: ServiceError) -> Problem:
    """The same outcome, at the edge."""
    status = _STATUS_OF_REASON.get(error.reason) or next(
        (code for kind, code in _STATUS.items() if isinstance(error, kind)), 500
    )
    headers: list[tuple[bytes, bytes]] = []
    if status == HTTPStatus.UNAUTHORIZED:
        bad_token = error.reason in {"INVALID_TOKEN", "TOKEN_EXPIRED", "TOKEN_REVOKED", "UNKNOWN_KEY"}
        headers.append(challenge("invalid_token", error.detail) if bad_token else challenge())
    elif status == HTTPStatus.FORBIDDEN:
        headers.append(challenge("insufficient_scope", error.detail))
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        headers.append(retry_after(error.retry_after or 1))
    elif status == HTTPStatus.SERVICE_UNAVAILABLE and error.retry_after is not None:
        headers.append(retry_after(error.retry_after))
    return Problem(status=status, reason=error.reason, detail=error.detail, headers=tuple(headers))

"""CORS for exactly the origins that were named, on errors too."""

import re
from collections.abc import Sequence

from gateway.asgi import Scope, refusal
from gateway.exchange import Answer, Exchange, Headers
from gateway.problems import Problem

_REFUSAL = Problem(
    status=403, reason="ORIGIN_NOT_ALLOWED", detail="Scripts of this origin may not call this API."
)
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_ALLOWED_METHODS = frozenset(_METHODS.split(b", "))
_ALLOWED_HEADERS = b"authorization, content-type, idempotency-key, traceparent, tracestate, x-request-id"
_EXPOSED = b"ratelimit, ratelimit-policy, retry-after, x-request-id, age, x-degraded"
_HEADER_LIST = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:\s*,\s*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")
_MAX_AGE = b"600"
_VARY = (b"vary", b"Origin")


class Cors:
    def __init__(self, origins: Sequence[str], *, credentials: bool) -> None:
        self._any = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)
        self._credentials = credentials

    def __call__(self, scope: Scope, found: Exchange) -> Answer | None:
        fields = found.fields
        origin = fields.get(b"origin")
        if origin is None:
            if self._origins and not self._any:
                found.response_headers.append(_VARY)
            return None
        requested = fields.get(b"access-control-request-method")
        preflight = requested is not None and scope.get("method") == "OPTIONS"
        if not (self._any or origin in self._origins):
            if self._origins:
                found.response_headers.append(_VARY)
            return refusal(found, _REFUSAL) if preflight else None
        found.response_headers += self._answer(origin)
        if not preflight:
            found.response_headers.append((b"access-control-expose-headers", _EXPOSED))
            return None
        asked = fields.get(b"access-control-request-headers")
        if requested not in _ALLOWED_METHODS or (asked and not _HEADER_LIST.fullmatch(asked.strip())):
            return refusal(found, _REFUSAL)
        headers: Headers = [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", _MAX_AGE),
        ]
        return Answer(204, headers)

    def _answer(self, origin: bytes) -> Headers:
        if self._any:
            # The settings refuse credentials beside it.
            return [(b"access-control-allow-origin", b"*")]
        headers = [(b"access-control-allow-origin", origin), _VARY]
        if self._credentials:
            headers.append((b"access-control-allow-credentials", b"true"))
        return headers

"""CORS for exactly the origins that were named, on errors too."""

import re
from collections.abc import Sequence

from gateway.asgi import App, Receive, Scope, Send, refuse
from gateway.exchange import Headers, exchange
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
    def __init__(self, app: App, origins: Sequence[str], *, credentials: bool) -> None:
        self._app = app
        self._any = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)
        self._credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = requested = asked = None
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value
            elif name == b"access-control-request-method":
                requested = value
            elif name == b"access-control-request-headers":
                asked = value
        preflight = requested is not None and origin is not None and scope.get("method") == "OPTIONS"
        found = exchange(scope)
        if origin is None or not (self._any or origin in self._origins):
            if self._origins and not self._any:
                found.response_headers.append(_VARY)
            if preflight:
                await refuse(scope, send, _REFUSAL)
                return
            await self._app(scope, receive, send)
            return
        found.response_headers += self._answer(origin)
        if not preflight:
            found.response_headers.append((b"access-control-expose-headers", _EXPOSED))
            await self._app(scope, receive, send)
            return
        if requested not in _ALLOWED_METHODS or (asked and not _HEADER_LIST.fullmatch(asked.strip())):
            await refuse(scope, send, _REFUSAL)
            return
        headers: Headers = [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", _MAX_AGE),
        ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _answer(self, origin: bytes) -> Headers:
        if self._any:
            # The settings refuse credentials beside it.
            return [(b"access-control-allow-origin", b"*")]
        headers = [(b"access-control-allow-origin", origin), _VARY]
        if self._credentials:
            headers.append((b"access-control-allow-credentials", b"true"))
        return headers

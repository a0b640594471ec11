"""Refuses requests that are too large, too slow, ambiguous or malformed, before anything interprets them."""

import re
from dataclasses import dataclass

from gateway.asgi import App, Receive, Scope, Send, refuse
from gateway.exchange import exchange
from gateway.middleware.body import TOO_LARGE, BodyRefused, BoundedBody, checked_json
from gateway.problems import Problem

_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}))(?::\d{1,5})?")
_SINGLE = frozenset(
    (
        *(b"host", b"content-length", b"content-type", b"transfer-encoding", b"authorization", b"expect"),
        *(b"access-control-request-method", b"origin", b"upgrade"),
    )
)
_MAX_PATH = 4096
_MAX_LENGTH_DIGITS = 18
_BAD_PATH = re.compile(r"[\x00-\x1f\x7f\\\ufffd]|//|/\.{1,2}(?:/|$)")
_JSON = re.compile(rb"application/(?:[\w.+-]+\+)?json\s*(?:;|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bytes and seconds."""

    body: int
    body_seconds: float
    header_count: int
    header_bytes: int
    query: int


def _bad(reason: str, detail: str, status: int = 400) -> Problem:
    return Problem(status=status, reason=reason, detail=detail)


_TOO_MANY_HEADERS = _bad("TOO_MANY_HEADERS", "The request has too many headers.", 431)
_HEADERS_TOO_LARGE = _bad("HEADERS_TOO_LARGE", "The headers are too large.", 431)
_DUPLICATE_HEADER = _bad("DUPLICATE_HEADER", "A header that may occur once occurs twice.")
_BAD_LENGTH = _bad("BAD_LENGTH", "The length of the body is neither a number nor chunked.")
_AMBIGUOUS_LENGTH = _bad("AMBIGUOUS_LENGTH", "The body has two lengths.")
_BAD_HOST = _bad("BAD_HOST", "A request names exactly one valid host.")


@dataclass(slots=True)
class _Body:
    """What the headers say about it."""

    length: int = 0
    chunked: bool = False
    json: bool = False

    def described_by(self, name: bytes, value: bytes) -> bool:
        """False where the description makes no sense."""
        if name == b"content-length":
            if not value.isdigit() or len(value) > _MAX_LENGTH_DIGITS:
                return False
            self.length = int(value)
        elif name == b"transfer-encoding":
            self.chunked = value.lower() == b"chunked"
            return self.chunked
        elif name == b"content-type":
            self.json = _JSON.match(value) is not None
        return True


class Guards:
    def __init__(self, app: App, bounds: Bounds) -> None:
        self._app = app
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, problem = self._examine(scope)
        if problem is not None:
            await refuse(scope, send, problem, close=True)
            return
        if not (body.length or body.chunked) or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = exchange(scope).policy
        most = self._bounds.body if policy is None or policy.max_body is None else policy.max_body
        seconds = (
            self._bounds.body_seconds
            if policy is None or policy.body_timeout is None
            else policy.body_timeout
        )
        if body.length > most:
            await refuse(scope, send, TOO_LARGE, close=True)
            return
        bounded: Receive = BoundedBody(receive, most, seconds)
        try:
            if body.json:
                bounded = await checked_json(bounded)
            await self._app(scope, bounded, send)
        except BodyRefused as refused:
            if exchange(scope).status is not None:
                raise
            await refuse(scope, send, refused.problem, close=True)

    def _examine(self, scope: Scope) -> tuple[_Body, Problem | None]:  # noqa: PLR0911  # one per refusal
        """What body to expect, and what is wrong with the request."""
        headers = scope["headers"]
        body = _Body()
        if len(headers) > self._bounds.header_count:
            return body, _TOO_MANY_HEADERS
        size = 0
        host = b""
        seen: set[bytes] = set()
        for name, value in headers:
            size += len(name) + len(value)
            if name in _SINGLE:
                if name in seen:
                    return body, _DUPLICATE_HEADER
                seen.add(name)
                if name == b"host":
                    host = value
                elif not body.described_by(name, value):
                    return body, _BAD_LENGTH
        if size > self._bounds.header_bytes:
            return body, _HEADERS_TOO_LARGE
        if body.chunked and (b"content-length" in seen or scope["http_version"] == "1.0"):
            return body, _AMBIGUOUS_LENGTH
        if not _HOST.fullmatch(host):
            return body, _BAD_HOST
        exchange(scope).host = _without_port(host).decode().lower()
        return body, self._target(scope)

    def _target(self, scope: Scope) -> Problem | None:
        path = scope["path"]
        if len(path) > _MAX_PATH or len(scope["query_string"]) > self._bounds.query:
            return _bad("ADDRESS_TOO_LONG", "The path or the query is too long.", 414)
        if not path.startswith("/") or _BAD_PATH.search(path):
            return _bad("BAD_PATH", "The path is not in its plain form.")
        return None


def _without_port(host: bytes) -> bytes:
    if host.startswith(b"["):
        return host[: host.index(b"]") + 1]
    return host.partition(b":")[0]

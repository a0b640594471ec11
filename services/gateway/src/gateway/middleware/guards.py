"""Refuses requests that are too large, too slow, ambiguous or malformed, before anything interprets them."""

import asyncio
import re
from dataclasses import dataclass

from gateway.asgi import App, Message, Receive, Scope, Send, refuse
from gateway.exchange import exchange
from gateway.middleware.json_guard import too_elaborate
from gateway.problems import Problem

_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}))(?::\d{1,5})?")
_SINGLE = frozenset(
    (
        *(b"host", b"content-length", b"content-type", b"transfer-encoding", b"authorization", b"expect"),
        *(b"access-control-request-method", b"origin", b"upgrade"),
    )
)
_MAX_PATH = 4096
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


_TOO_LARGE = _bad("BODY_TOO_LARGE", "The body is larger than this route takes.", 413)
_TOO_SLOW = _bad("BODY_TOO_SLOW", "The body did not arrive in time.", 408)


class BodyRefused(Exception):
    """Raised out of `receive`; whoever was reading stops, and the guard answers."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


class Guards:
    def __init__(self, app: App, bounds: Bounds) -> None:
        self._app = app
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length, chunked, json, problem = self._examine(scope)
        if problem is not None:
            await refuse(scope, send, problem, close=True)
            return
        if not (length or chunked) or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = exchange(scope).policy
        most = self._bounds.body if policy is None or policy.max_body is None else policy.max_body
        seconds = (
            self._bounds.body_seconds
            if policy is None or policy.body_timeout is None
            else policy.body_timeout
        )
        if length > most:
            await refuse(scope, send, _TOO_LARGE, close=True)
            return
        bounded: Receive = _BoundedBody(receive, most, seconds)
        try:
            if json:
                bounded = await _checked_json(bounded)
            await self._app(scope, bounded, send)
        except BodyRefused as refused:
            if exchange(scope).status is not None:
                raise
            await refuse(scope, send, refused.problem, close=True)

    def _examine(self, scope: Scope) -> tuple[int, bool, bool, Problem | None]:
        """Length of the body, whether chunked, whether JSON, and what is wrong."""
        headers = scope["headers"]
        if len(headers) > self._bounds.header_count:
            return 0, False, False, _bad("TOO_MANY_HEADERS", "The request has too many headers.", 431)
        size = length = 0
        host = b""
        chunked = json = False
        seen: set[bytes] = set()
        for name, value in headers:
            size += len(name) + len(value)
            if name in _SINGLE:
                if name in seen:
                    return (
                        0,
                        False,
                        False,
                        _bad("DUPLICATE_HEADER", "A header that may occur once occurs twice."),
                    )
                seen.add(name)
                if name == b"host":
                    host = value
                elif name == b"content-length":
                    if not value.isdigit() or len(value) > 18:  # noqa: PLR2004  # what fits into 64 bit
                        return (
                            0,
                            False,
                            False,
                            _bad("BAD_CONTENT_LENGTH", "The length of the body is not a number."),
                        )
                    length = int(value)
                elif name == b"transfer-encoding":
                    if value.lower() != b"chunked":
                        return 0, False, False, _bad("BAD_TRANSFER_ENCODING", "Only chunked is understood.")
                    chunked = True
                elif name == b"content-type":
                    json = _JSON.match(value) is not None
        if size > self._bounds.header_bytes:
            return 0, False, False, _bad("HEADERS_TOO_LARGE", "The headers are too large.", 431)
        if chunked and (b"content-length" in seen or scope["http_version"] == "1.0"):
            return 0, False, False, _bad("AMBIGUOUS_LENGTH", "The body has two lengths.")
        if not _HOST.fullmatch(host):
            return 0, False, False, _bad("BAD_HOST", "A request names exactly one valid host.")
        exchange(scope).host = _without_port(host).decode().lower()
        return length, chunked, json, self._target(scope)

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


class _BoundedBody:
    """`receive`, with an end in bytes and in time: the whole body, not each part, has its seconds."""

    __slots__ = ("_by", "_done", "_left", "_receive", "_seconds")

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self._receive = receive
        self._left = most
        self._seconds = seconds
        self._by: float | None = None
        self._done = False

    async def __call__(self) -> Message:
        if self._done:
            return await self._receive()
        if self._by is None:
            self._by = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._by):
                message = await self._receive()
        except TimeoutError:
            raise BodyRefused(_TOO_SLOW) from None
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._done = not message.get("more_body", False)
            if self._left < 0:
                raise BodyRefused(_TOO_LARGE)
        return message


async def _checked_json(receive: Receive) -> Receive:
    """The body as one message, once its depth and numbers are known to be harmless."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    body = b"".join(parts)
    if too_elaborate(body):
        raise BodyRefused(
            _bad("JSON_TOO_ELABORATE", "The JSON is nested too deep or has too large a number.")
        )
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    if message["type"] != "http.request":
        whole = [message]

    async def replay() -> Message:
        return whole.pop() if whole else await receive()

    return replay

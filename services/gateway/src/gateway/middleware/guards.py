"""Refuses requests that are too large, too slow, ambiguous or malformed, before anything interprets them."""

import re
from dataclasses import dataclass
from functools import lru_cache

from gateway.asgi import Scope, refusal
from gateway.exchange import Answer, Body, Exchange
from gateway.middleware.body import TOO_LARGE
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
_TOO_LONG = _bad("ADDRESS_TOO_LONG", "The path or the query is too long.", 414)
_BAD_PLACE = _bad("BAD_PATH", "The path is not in its plain form.")


class Guards:
    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds

    def __call__(self, scope: Scope, found: Exchange) -> Answer | None:
        problem = self._headers(scope, found) or self._target(scope)
        if problem is not None:
            return refusal(found, problem, close=True)
        if found.body is not None and found.body.length > self.most(found):
            return refusal(found, TOO_LARGE, close=True)
        return None

    def most(self, found: Exchange) -> int:
        """Bytes of the body of this request."""
        policy = found.policy
        return self._bounds.body if policy is None or policy.max_body is None else policy.max_body

    def seconds(self, found: Exchange) -> float:
        """By when the body of this request has to be here."""
        policy = found.policy
        if policy is None or policy.body_timeout is None:
            return self._bounds.body_seconds
        return policy.body_timeout

    def _headers(self, scope: Scope, found: Exchange) -> Problem | None:
        headers, fields = scope["headers"], found.fields
        if len(headers) > self._bounds.header_count:
            return _TOO_MANY_HEADERS
        if found.repeated:
            if not _SINGLE.isdisjoint(found.repeated):
                return _DUPLICATE_HEADER
            size = sum(len(name) + len(value) for name, value in headers)
        else:
            size = sum(map(len, fields)) + sum(map(len, fields.values()))
        if size > self._bounds.header_bytes:
            return _HEADERS_TOO_LARGE
        if b"content-length" in fields or b"transfer-encoding" in fields:
            problem = self._framing(scope, found)
            if problem is not None:
                return problem
        host = _host(fields.get(b"host", b""))
        if host is None:
            return _BAD_HOST
        found.host = host
        return None

    def _framing(self, scope: Scope, found: Exchange) -> Problem | None:
        length = found.fields.get(b"content-length")
        coding = found.fields.get(b"transfer-encoding")
        if length is not None and (not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS):
            return _BAD_LENGTH
        if coding is not None:
            if coding.lower() != b"chunked":
                return _BAD_LENGTH
            if length is not None or scope["http_version"] == "1.0":
                return _AMBIGUOUS_LENGTH
        size = 0 if length is None else int(length)
        if scope["type"] == "http" and (size or coding is not None):
            found.body = Body(size, _JSON.match(found.fields.get(b"content-type", b"")) is not None)
        return None

    def _target(self, scope: Scope) -> Problem | None:
        path = scope["path"]
        if len(path) > _MAX_PATH or len(scope["query_string"]) > self._bounds.query:
            return _TOO_LONG
        return None if _plain(path) else _BAD_PLACE


@lru_cache(maxsize=4096)
def _plain(path: str) -> bool:
    return path.startswith("/") and _BAD_PATH.search(path) is None


@lru_cache(maxsize=1024)
def _host(given: bytes) -> str | None:
    """In lower case and without the port; None for what is no host."""
    if not _HOST.fullmatch(given):
        return None
    return _without_port(given).decode().lower()


def _without_port(host: bytes) -> bytes:
    if host.startswith(b"["):
        return host[: host.index(b"]") + 1]
    return host.partition(b":")[0]

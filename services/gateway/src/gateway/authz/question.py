"""What a proxy asks about: the one request its headers describe, and none if they describe two."""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from chassis.errors import Forbidden, Invalid
from gateway.exchange import Fields, Headers
from gateway.proxy.paths import canonical

# nginx by hand, ingress-nginx; Traefik and Caddy.
_URI = frozenset((b"x-original-uri", b"x-original-url", b"x-forwarded-uri"))
_METHOD = frozenset((b"x-original-method", b"x-forwarded-method"))
_HOST = frozenset((b"x-original-host", b"x-forwarded-host"))
_ASKING = _URI | _METHOD
_TELLING = _ASKING | _HOST


@dataclass(frozen=True, slots=True)
class Question:
    method: str
    # Canonical, without the query.
    path: str
    host: str | None


def asks(fields: Fields) -> bool:
    """Whether the headers speak of another request at all."""
    return not _ASKING.isdisjoint(fields)


def question(headers: Headers) -> Question:
    """The request a proxy asks about.

    A client can add the headers its own proxy does not write. So whatever there is has to agree, or a
    harmless request could be described beside the real one.

    Raises:
        Forbidden: the headers describe no request, or more than one, or one whose path is not plain.
    """
    return _read(tuple([pair for pair in headers if pair[0] in _TELLING]))


@lru_cache(maxsize=4096)
def _read(headers: tuple[tuple[bytes, bytes], ...]) -> Question:
    """The same few requests are asked about again and again."""
    paths: set[str] = set()
    methods: set[str] = set()
    hosts: set[str] = set()
    for name, value in headers:
        if name in _URI:
            path, host = _split(value)
            paths.add(path)
            if host:
                hosts.add(host)
        elif name in _METHOD:
            methods.add(value.decode("latin-1"))
        elif name in _HOST:
            hosts.add(value.decode("latin-1").lower())
    if len(paths) != 1 or len(methods) != 1 or len(hosts) > 1:
        raise Forbidden("The proxy does not say which one request it asks about.", reason="UNCLEAR_REQUEST")
    return Question(methods.pop(), paths.pop(), hosts.pop() if hosts else None)


def plain_path(uri: str) -> str:
    """The canonical path of a request target; raises Forbidden for one of several readings."""
    try:
        return canonical(uri.partition("?")[0].encode("latin-1"))
    except (Invalid, UnicodeEncodeError):
        raise Forbidden("The path is not in its plain form.", reason="INVALID_PATH") from None


def _split(value: bytes) -> tuple[str, str]:
    text = value.decode("latin-1")
    if text.startswith(("http://", "https://")):
        try:
            parts = urlsplit(text)
        except ValueError:
            raise Forbidden("The address is not one.", reason="INVALID_PATH") from None
        return plain_path(parts.path or "/"), parts.netloc.lower()
    return plain_path(text), ""

"""Which headers travel: hop-by-hop ones never (RFC 9110, 7.6.1), nor a claim of who asks that is not ours."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from chassis.errors import Invalid
from gateway.exchange import Headers
from gateway.wire import sound

_HOP_BY_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization",
    b"te", b"trailer", b"transfer-encoding", b"upgrade", b"http2-settings",
})  # fmt: skip
# Written anew for the upstream, from what the gateway has established itself.
_REWRITTEN = frozenset({
    b"host", b"content-length", b"expect", b"forwarded", b"via", b"x-real-ip", b"x-request-id",
    b"traceparent", b"tracestate", b"sec-websocket-key", b"sec-websocket-version",
    b"sec-websocket-extensions", b"sec-websocket-accept",
})  # fmt: skip
# Frameworks act on these: a policy was chosen by the method and path of the request line alone.
_STEERING = frozenset({
    b"x-original-url", b"x-rewrite-url", b"x-original-uri", b"x-original-method", b"x-original-host",
    b"x-http-method", b"x-http-method-override", b"x-method-override", b"x-host", b"x-client-ip",
    b"true-client-ip", b"cf-connecting-ip", b"x-cluster-client-ip", b"client-ip", b"proxy",
})  # fmt: skip
# Who asks, in the words of this gateway and of the usual ones.
_IDENTITY = (
    b"x-auth", b"x-user", b"x-remote-", b"remote-", b"x-forwarded-", b"x-identity", b"x-webauth-",
    b"x-principal", b"x-role", b"x-group", b"x-scope", b"x-email", b"x-ms-client-principal",
    b"x-goog-authenticated", b"x-goog-iap", b"x-amzn-oidc-", b"x-envoy-", b"x-ssl-client", b"ssl-client",
)  # fmt: skip
_DROPPED_ANSWER = _HOP_BY_HOP | {b"content-length", b"server", b"date"}
# Orders to a proxy, and CORS, which the gateway answers for all its routes in one voice.
_INTERNAL_ANSWER = (b"x-accel-", b"x-auth", b"x-envoy-", b"x-sendfile", b"access-control-")
_PLAIN_CONNECTION = frozenset({b"keep-alive", b"close", b"Keep-Alive", b"Close", b"upgrade", b"Upgrade", b""})
_NOTED = frozenset({b"host", b"content-length", b"transfer-encoding", b"via", b"connection"})
_VIA = b"api-gateway"
_OUR_VIA = b"via: 1.1 " + _VIA
_MAX_LOOPS = 3


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """Of a route; names in lower case. `set` replaces, `add` does not."""

    remove: frozenset[bytes] = frozenset()
    add: tuple[tuple[bytes, bytes], ...] = ()


@lru_cache(maxsize=2048)
def travels(name: bytes) -> bool:
    """Whether a header of a client's request goes on, by its name in lower case."""
    return not (
        name in _HOP_BY_HOP
        or name in _REWRITTEN
        or name in _STEERING
        # CGI and WSGI read an underscore as a dash, and so would see what was stripped.
        or b"_" in name
        or name.startswith(_IDENTITY)
    )


@lru_cache(maxsize=2048)
def returns(name: bytes) -> bool:
    """Whether a header of an upstream's answer goes on, by its name in lower case."""
    return name not in _DROPPED_ANSWER and not name.startswith(_INTERNAL_ANSWER)


def _names(connection: bytes) -> frozenset[bytes]:
    """The headers that Connection declares to be for this hop only."""
    return frozenset([token.strip().lower() for token in connection.split(b",")])


class Sorted(NamedTuple):
    """A client's headers, apart: what goes on, and what the gateway acts on itself."""

    lines: list[bytes]
    host: bytes
    # As declared; None where nothing is.
    length: bytes | None
    # Whether a body comes.
    framed: bool


def sort(headers: Headers, rules: HeaderRules, *, authorization: bool) -> Sorted:
    """The client's own headers as lines for the upstream, without those the gateway writes.

    Raises:
        Looping: the request has been here too often.
    """
    lines: list[bytes] = []
    noted: dict[bytes, bytes] = {}
    removed = rules.remove
    for name, value in headers:
        if travels(name):
            if name not in removed and (authorization or name != b"authorization"):
                lines.append(name + b": " + value)
        elif name in _NOTED:
            noted[name] = noted[name] + b", " + value if name in noted else value
    connection = noted.get(b"connection")
    if connection is not None and connection not in _PLAIN_CONNECTION:
        hop = _names(connection)
        lines = [line for line in lines if line[: line.index(b":")] not in hop]
    via = noted.get(b"via")
    if via is not None and via.count(_VIA) > _MAX_LOOPS:
        raise Looping
    lines.append(_OUR_VIA if via is None else b"via: " + via + b", 1.1 " + _VIA)
    if rules.add:
        lines.extend([name + b": " + value for name, value in rules.add])
    length = noted.get(b"content-length")
    framed = length is not None or b"transfer-encoding" in noted
    return Sorted(lines, noted.get(b"host", b""), length, framed)


class Looping(Exception):
    """The request has passed this gateway before, again and again."""


def head(start: bytes, host: bytes, lines: list[bytes]) -> bytes:
    """A request's head as it goes on the wire; refuses to write what would be read as two."""
    text = b"%b\r\n%b\r\n%b\r\n\r\n" % (start, host, b"\r\n".join(lines))
    if not sound(text, len(lines) + 3):
        raise Invalid("A header has characters that no header may have.", reason="INVALID_HEADER")
    return text


def answer_headers(headers: Headers, rules: HeaderRules) -> Headers:
    """An upstream's headers for the client, without those that say how long the content is."""
    kept = [pair for pair in headers if returns(pair[0])]
    removed = rules.remove
    connection = [value for name, value in headers if name == b"connection"]
    if connection:
        removed |= _names(b",".join(connection))
    if removed:
        kept = [pair for pair in kept if pair[0] not in removed]
    return kept + list(rules.add) if rules.add else kept


@lru_cache(maxsize=4096)
def forwarded(client: str, peer: str, scheme: str, host: bytes, prefix: str) -> tuple[bytes, ...]:
    """Lines that tell the upstream where the request came from (RFC 7239 and its forerunners).

    Built from the established client and the connection's peer alone: whatever stood to the left of
    the client in the inbound headers was only a claim.
    """
    hops = [hop for hop in dict.fromkeys((client, peer)) if hop]
    lines = []
    if hops:
        lines.append(f"x-forwarded-for: {', '.join(hops)}")
        lines.append(f"x-real-ip: {hops[0]}")
    elements = [f"for={_node(hop)}" for hop in hops] or ["for=unknown"]
    name = host.decode("latin-1")
    elements[0] += f";proto={scheme}" + (f';host="{name}"' if name else "")
    lines += [f"forwarded: {', '.join(elements)}", f"x-forwarded-proto: {scheme}"]
    if name:
        lines.append(f"x-forwarded-host: {name}")
    if prefix:
        lines.append(f"x-forwarded-prefix: {prefix}")
    return tuple(line.encode("latin-1", "replace") for line in lines)


def _node(address: str) -> str:
    return f'"[{address}]"' if ":" in address else address

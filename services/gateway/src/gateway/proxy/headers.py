"""Which headers travel: hop-by-hop ones never (RFC 9110, 7.6.1), nor a claim of who asks that is not ours."""

from dataclasses import dataclass
from functools import lru_cache

from chassis.errors import Invalid
from gateway.exchange import Headers

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
_VIA = b"api-gateway"
_MAX_LOOPS = 3


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """Of a route; names in lower case. `set` replaces, `add` does not."""

    remove: frozenset[bytes] = frozenset()
    add: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def idle(self) -> bool:
        return not self.remove and not self.add


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


def nominated(headers: Headers) -> frozenset[bytes]:
    """The headers that Connection declares to be for this hop only."""
    for name, value in headers:
        if name == b"connection" and value.lower() not in {b"keep-alive", b"close", b""}:
            break
    else:
        return frozenset()
    values = b",".join(value for name, value in headers if name == b"connection")
    return frozenset(token.strip().lower() for token in values.split(b","))


def request_lines(headers: Headers, rules: HeaderRules, *, authorization: bool) -> list[bytes]:
    """The client's own headers as lines for the upstream, without those the gateway writes."""
    lines: list[bytes] = []
    dropped = nominated(headers)
    via = b""
    for name, value in headers:
        if travels(name):
            if name in dropped or name in rules.remove or (name == b"authorization" and not authorization):
                continue
            lines.append(name + b": " + value)
        elif name == b"via":
            via += value + b", "
    if via.count(_VIA) > _MAX_LOOPS:
        raise Looping
    lines.append(b"via: " + via + b"1.1 " + _VIA)
    lines.extend(name + b": " + value for name, value in rules.add)
    return lines


class Looping(Exception):
    """The request has passed this gateway before, again and again."""


def head(start: bytes, lines: list[bytes]) -> bytes:
    """A request's head as it goes on the wire; refuses to write what would be read as two."""
    text = start + b"\r\n" + b"\r\n".join(lines) + b"\r\n\r\n"
    breaks = len(lines) + 2
    if text.count(b"\n") != breaks or text.count(b"\r") != breaks or b"\0" in text:
        raise Invalid("A header has characters that no header may have.", reason="INVALID_HEADER")
    return text


def answer_headers(headers: Headers, rules: HeaderRules) -> Headers:
    """An upstream's headers for the client, without those that say how long the content is."""
    dropped = nominated(headers)
    if dropped or not rules.idle:
        kept = [
            pair
            for pair in headers
            if returns(pair[0]) and pair[0] not in dropped and pair[0] not in rules.remove
        ]
        kept.extend(rules.add)
        return kept
    return [pair for pair in headers if returns(pair[0])]


@lru_cache(maxsize=4096)
def forwarded(client: str, peer: str, scheme: str, host: str, prefix: str) -> tuple[bytes, ...]:
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
    elements[0] += f";proto={scheme}" + (f';host="{host}"' if host else "")
    lines += [f"forwarded: {', '.join(elements)}", f"x-forwarded-proto: {scheme}"]
    if host:
        lines.append(f"x-forwarded-host: {host}")
    if prefix:
        lines.append(f"x-forwarded-prefix: {prefix}")
    return tuple(line.encode("latin-1", "replace") for line in lines)


def _node(address: str) -> str:
    return f'"[{address}]"' if ":" in address else address

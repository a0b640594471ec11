"""From a request of a client to a request of ours: its line, its headers, what of its body is at hand."""

from chassis.errors import Invalid
from gateway.asgi import Receive, Scope
from gateway.exchange import Exchange
from gateway.proxy.headers import forwarded, head, request_lines
from gateway.proxy.identity import Signer
from gateway.proxy.paths import canonical, query
from gateway.proxy.request import Outgoing, at_hand
from gateway.proxy.route import Identity, Route

_HOST_MARK = b"host: "


def target(scope: Scope, route: Route) -> bytes:
    """The request target at the upstream; refuses what has more than one reading."""
    if route.fixed_target is not None:
        return route.fixed_target
    path = canonical(scope.get("raw_path") or scope["path"].encode())
    prefix = route.prefix
    if not path.startswith(prefix) or path[len(prefix) : len(prefix) + 1] not in {"", "/"}:
        # Only an escape could make the path that was matched differ from this one.
        raise Invalid("The path is not in its plain form.", reason="INVALID_PATH")
    sent = route.target(path).encode("ascii")
    text = query(scope["query_string"])
    return sent + b"?" + text if text else sent


def lines(scope: Scope, found: Exchange, route: Route, signer: Signer) -> list[bytes]:
    """The header lines for the upstream, but for Host and how long the body is."""
    headers = scope["headers"]
    sent = request_lines(headers, route.request_rules, authorization=route.pass_authorization)
    host = next((value for name, value in headers if name == b"host"), b"").decode("latin-1")
    peer = scope.get("client")
    prefix = route.prefix if route.rewrite is not None else ""
    sent.extend(forwarded(found.client, peer[0] if peer else "", found.scheme, host, prefix))
    sent.append(f"x-request-id: {found.request_id}".encode())
    sent.append(
        f"traceparent: 00-{found.trace_id}-{found.span_id}-{'01' if found.sampled else '00'}".encode()
    )
    if found.tracestate:
        sent.append(b"tracestate: " + found.tracestate.encode("latin-1"))
    if found.principal is not None and route.identity is not Identity.NONE:
        audience = route.upstream.name if route.upstream is not None else route.name
        prove = route.identity is Identity.SIGNED
        told = signer.headers(found.principal, audience, prove=prove)
        sent.extend(name + b": " + value for name, value in told)
    return sent


async def outgoing(scope: Scope, receive: Receive, found: Exchange, route: Route, signer: Signer) -> Outgoing:
    method: str = scope["method"]
    sent = lines(scope, found, route, signer)
    body, more, chunked = b"", False, False
    length: bytes | None = None
    framed = scope["http_version"] not in {"1.1", "1.0"}
    host = b""
    for name, value in scope["headers"]:
        if name == b"content-length":
            length, framed = value, True
        elif name == b"transfer-encoding":
            framed = True
        elif name == b"host":
            host = value
    if framed:
        body, more = await at_hand(receive)
        if more and length is not None:
            sent.append(b"content-length: " + length)
        elif more:
            chunked = True
            sent.append(b"transfer-encoding: chunked")
        elif body or length is not None:
            sent.append(b"content-length: %d" % len(body))
    start = method.encode("ascii") + b" " + target(scope, route) + b" HTTP/1.1"
    # Host comes first, so that what differs between endpoints is put in without building the head anew.
    if route.pass_host and host:
        whole = head(start, [_HOST_MARK + host, *sent])
    else:
        whole = head(start, [_HOST_MARK, *sent])
    cut = len(start) + 2 + len(_HOST_MARK)
    after = whole[cut:]
    fixed = route.pass_host and bool(host)
    return Outgoing(
        method=method,
        before_host=whole[:cut],
        after_host=after,
        fixed_host=fixed,
        body=body,
        more=receive if more else None,
        chunked=chunked,
    )

"""From a request of a client to a request of ours: its line, its headers, what of its body is at hand."""

from chassis.errors import Invalid
from gateway.asgi import Receive, Scope
from gateway.exchange import Exchange
from gateway.proxy.headers import Sorted, forwarded, head, sort
from gateway.proxy.identity import Signer
from gateway.proxy.paths import canonical, query
from gateway.proxy.request import Outgoing, at_hand
from gateway.proxy.route import Identity, Route

_HOST = b"host: "
_HTTP_1 = frozenset({"1.1", "1.0"})


def target(scope: Scope, route: Route) -> bytes:
    """The request target at the upstream; refuses what has more than one reading."""
    if route.fixed_target is not None:
        return route.fixed_target
    path = canonical(scope.get("raw_path") or scope["path"].encode())
    prefix = route.prefix
    if not path.startswith(prefix) or path[len(prefix) : len(prefix) + 1] not in {"", "/"}:
        # The server undid the escapes of the path that was matched; its reading has to be ours.
        raise Invalid("The path is not in its plain form.", reason="INVALID_PATH")
    sent = route.target(path).encode("ascii")
    text = scope["query_string"]
    return sent + b"?" + query(text) if text else sent


def _given(scope: Scope, found: Exchange, route: Route) -> Sorted:
    """What depends on the bytes of the request and on who sent it alone."""
    given = sort(scope["headers"], route.request_rules, authorization=route.pass_authorization)
    peer = scope.get("client")
    prefix = route.prefix if route.rewrite is not None else ""
    given.lines.extend(forwarded(found.client, peer[0] if peer else "", found.scheme, given.host, prefix))
    return given


def lines(scope: Scope, found: Exchange, route: Route, signer: Signer) -> tuple[Sorted, list[bytes]]:
    """What the client gave, and the header lines for the upstream but for Host and how long the body is."""
    kept = {} if found.kept is None else found.kept
    if "given" not in kept:
        kept["given"] = _given(scope, found, route)
    given: Sorted = kept["given"]
    sent = given.lines.copy()
    flag = "01" if found.sampled else "00"
    sent.append(f"x-request-id: {found.request_id}".encode())
    sent.append(f"traceparent: 00-{found.trace_id}-{found.span_id}-{flag}".encode())
    if found.tracestate:
        sent.append(b"tracestate: " + found.tracestate.encode("latin-1"))
    if found.principal is not None and route.identity is not Identity.NONE:
        audience = route.upstream.name if route.upstream is not None else route.name
        prove = route.identity is Identity.SIGNED
        sent += signer.lines(found.principal, audience, prove=prove)
    return given, sent


async def outgoing(scope: Scope, receive: Receive, found: Exchange, route: Route, signer: Signer) -> Outgoing:
    method: str = scope["method"]
    given, sent = lines(scope, found, route, signer)
    length = given.length
    body, more, chunked = b"", False, False
    # Only HTTP/1 says in its headers whether a body comes.
    if given.framed or scope["http_version"] not in _HTTP_1:
        body, more = await at_hand(receive)
        if more and length is not None:
            sent.append(b"content-length: " + length)
        elif more:
            chunked = True
            sent.append(b"transfer-encoding: chunked")
        elif body or length is not None:
            sent.append(b"content-length: %d" % len(body))
    kept = {} if found.kept is None else found.kept
    if "target" not in kept:
        kept["target"] = target(scope, route)
    start = b"%b %b HTTP/1.1" % (method.encode("ascii"), kept["target"])
    # Host comes first, so that what differs between endpoints is put in without building the head anew.
    fixed = route.pass_host and bool(given.host)
    whole = head(start, _HOST + given.host if fixed else _HOST, sent)
    cut = len(start) + 2 + len(_HOST)
    return Outgoing(
        method=method,
        before_host=whole[:cut],
        after_host=whole[cut:],
        fixed_host=fixed,
        body=body,
        more=receive if more else None,
        chunked=chunked,
    )

"""The shapes of ASGI, and how a refusal leaves: as a problem document, on HTTP and WebSocket alike."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gateway.exchange import exchange
from gateway.problems import CONTENT_TYPE, Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def refuse(scope: Scope, send: Send, problem: Problem, *, close: bool = False) -> None:
    """Answers with a problem; `close` where the rest of the request will not be read."""
    found = exchange(scope)
    body = problem.document(request_id=found.request_id, trace_id=found.trace_id)
    headers = [
        (b"content-type", CONTENT_TYPE),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *problem.headers,
    ]
    if close:
        headers.append((b"connection", b"close"))
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        start, rest = "websocket.http.response.start", "websocket.http.response.body"
    else:
        start, rest = "http.response.start", "http.response.body"
    await send({"type": start, "status": problem.status, "headers": headers})
    await send({"type": rest, "body": b"" if scope.get("method") == "HEAD" else body})

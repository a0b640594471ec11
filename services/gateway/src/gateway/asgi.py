"""The shapes of ASGI, and how an answer leaves: on HTTP and WebSocket alike."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gateway.exchange import Answer, Exchange, exchange
from gateway.problems import CONTENT_TYPE, Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def refusal(found: Exchange, problem: Problem, *, close: bool = False) -> Answer:
    """A problem document; `close` where the rest of the request will not be read."""
    body = problem.document(request_id=found.request_id, trace_id=found.trace_id)
    headers = [
        (b"content-type", CONTENT_TYPE),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *problem.headers,
    ]
    if close:
        headers.append((b"connection", b"close"))
    return Answer(problem.status, headers, body, close)


async def refuse(scope: Scope, send: Send, problem: Problem, *, close: bool = False) -> None:
    await deliver(scope, send, refusal(exchange(scope), problem, close=close))


async def deliver(scope: Scope, send: Send, answer: Answer) -> None:
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        start, rest = "websocket.http.response.start", "websocket.http.response.body"
    else:
        start, rest = "http.response.start", "http.response.body"
    await send({"type": start, "status": answer.status, "headers": answer.headers})
    await send({"type": rest, "body": b"" if scope.get("method") == "HEAD" else answer.body})

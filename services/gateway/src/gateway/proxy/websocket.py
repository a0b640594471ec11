"""WebSockets carried through: a refusal is passed on, messages and close codes go both ways."""

import asyncio
import contextlib
from typing import cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from gateway.asgi import Message, Receive, Scope, Send, refuse
from gateway.exchange import exchange
from gateway.problems import Problem
from gateway.proxy.balance import Endpoint
from gateway.proxy.bulkhead import Full
from gateway.proxy.headers import Looping
from gateway.proxy.identity import Signer
from gateway.proxy.outgoing import lines, target
from gateway.proxy.route import Route
from gateway.proxy.upstream import Upstream

_MAX_MESSAGE = 1024 * 1024
# Messages read ahead of a slow client.
_MAX_AHEAD = 8
# Closed without a close frame: not a code that may be sent (RFC 6455 section 7.4.1).
_UNSENDABLE = frozenset({1004, 1005, 1006, 1015})
_GOING_AWAY = 1001
_REFUSALS = range(400, 500)

_NOT_HERE = Problem(status=404, reason="NOT_FOUND", detail="There is no WebSocket here.")
_BUSY = Problem(status=503, reason="UPSTREAM_BUSY", detail="The service behind this route is not available.")
_FAULT = Problem(
    status=502, reason="UPSTREAM_FAULT", detail="The service behind this route failed to answer."
)
_LOOP = Problem(status=508, reason="LOOP_DETECTED", detail="This request has passed here before.")


class WebSockets:
    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def __call__(self, scope: Scope, receive: Receive, send: Send, route: Route) -> None:
        upstream = route.upstream
        if not route.websocket or upstream is None:
            await refuse(scope, send, _NOT_HERE)
            return
        if (await receive())["type"] != "websocket.connect":
            return
        if upstream.breaker.rejecting():
            await refuse(scope, send, _BUSY)
            return
        try:
            await upstream.bulkhead.enter()
        except Full:
            await refuse(scope, send, _BUSY)
            return
        try:
            await self._carry(scope, receive, send, route, upstream)
        except Looping:
            await refuse(scope, send, _LOOP)
        finally:
            upstream.bulkhead.leave()

    async def _carry(
        self, scope: Scope, receive: Receive, send: Send, route: Route, upstream: Upstream
    ) -> None:
        endpoint = upstream.balancer.pick()
        permit = upstream.breaker.permit()
        if permit is None or endpoint is None:
            await refuse(scope, send, _BUSY)
            return
        endpoint.active += 1
        try:
            try:
                there = await self._open(scope, route, endpoint)
            except InvalidStatus as refusal:
                status = refusal.response.status_code
                if status in _REFUSALS:
                    # It is well, and says no.
                    permit.succeeded()
                    await refuse(scope, send, _refusal(status))
                else:
                    permit.failed()
                    await refuse(scope, send, _FAULT)
                return
            except (OSError, InvalidHandshake, TimeoutError):
                permit.failed()
                upstream.balancer.failed(endpoint)
                await refuse(scope, send, _FAULT)
                return
            permit.succeeded()
            upstream.balancer.succeeded(endpoint)
            async with there:
                await send({"type": "websocket.accept", "subprotocol": there.subprotocol, "headers": []})
                await _both_ways(there, receive, send)
        finally:
            permit.release()
            endpoint.active -= 1

    async def _open(self, scope: Scope, route: Route, endpoint: Endpoint) -> ClientConnection:
        given, written = lines(scope, exchange(scope), route, self._signer)
        sent = [line.decode("latin-1").partition(": ") for line in written]
        # websockets writes these itself.
        headers = [(name, value) for name, _, value in sent if name != "sec-websocket-protocol"]
        authority = endpoint.address.authority
        if route.pass_host and given.host:
            authority = given.host
        scheme = "ws" if endpoint.address.tls_name is None else "wss"
        path = target(scope, route).decode("ascii")
        return await connect(
            f"{scheme}://{authority.decode('ascii')}{path}",
            host=endpoint.address.host,
            port=endpoint.address.port,
            ssl=endpoint.pool.tls,
            server_hostname=endpoint.address.tls_name,
            additional_headers=headers,
            subprotocols=[Subprotocol(name) for name in scope.get("subprotocols", ())] or None,
            user_agent_header=None,
            compression=None,
            proxy=None,
            open_timeout=route.timeout,
            close_timeout=2,
            max_size=_MAX_MESSAGE,
            max_queue=_MAX_AHEAD,
        )


def _refusal(status: int) -> Problem:
    return Problem(status=status, reason="UPSTREAM_REFUSED", detail="The service behind this route refused.")


async def _both_ways(there: ClientConnection, receive: Receive, send: Send) -> None:
    up = asyncio.create_task(_upward(there, receive))
    down = asyncio.create_task(_downward(there, send))
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (up, down):
            task.cancel()
        await asyncio.wait({up, down})
    closed = None if down.cancelled() else down.result()
    if not up.cancelled():
        up.result()
    elif closed is not None:
        # Only now that nobody waits for the client any more: some servers close no sooner.
        code, reason = closed
        await send({"type": "websocket.close", "code": code, "reason": reason})


async def _upward(there: ClientConnection, receive: Receive) -> None:
    while True:
        message: Message = await receive()
        if message["type"] == "websocket.disconnect":
            code = message.get("code") or _GOING_AWAY
            await there.close(_GOING_AWAY if code in _UNSENDABLE else code, message.get("reason") or "")
            return
        text = message.get("text")
        with contextlib.suppress(ConnectionClosed):
            await there.send(cast("bytes", message.get("bytes")) if text is None else text)


async def _downward(there: ClientConnection, send: Send) -> tuple[int, str]:
    """Ends with the code and reason to close with."""
    try:
        while True:
            data = await there.recv()
            kind = "text" if isinstance(data, str) else "bytes"
            await send({"type": "websocket.send", kind: data})
    except ConnectionClosed as closed:
        frame = closed.rcvd
        if frame is None:
            return _GOING_AWAY, ""
        return (_GOING_AWAY if frame.code in _UNSENDABLE else frame.code), frame.reason

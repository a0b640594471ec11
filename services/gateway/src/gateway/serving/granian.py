"""The same app on granian: faster underneath, with the same bounds on headers and the same drain."""

import asyncio
import socket
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from gateway.asgi import App, Message, Receive, Scope, Send
from gateway.serving.lingering import LINGER_SECONDS

_BACKLOG = 2048
_LEAST_BUFFER = 8192
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
_BODY = frozenset({b"content-length", b"transfer-encoding"})


class _OnOurSocket(Server):
    """Granian would bind the address itself, and share it with whoever else wants it."""

    _shd: Any

    def __init__(self, listener: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._listener = listener

    def _init_shared_socket(self) -> None:
        # A descriptor, whether it is a Unix socket, and the backlog: its stubs leave that out.
        self._shd = SocketHolder(self._listener.detach(), False, self.backlog)  # type: ignore[call-arg]
        self._sfd = self._shd.get_fd()


async def serve_granian(
    stack: AsyncExitStack,
    app: App,
    listener: socket.socket,
    *,
    header_seconds: float,
    header_bytes: int,
    drain: int,
) -> None:
    """Serves until the stack unwinds; then running requests have `drain` seconds.

    An idle connection is kept for `header_seconds`, which is all the time granian knows.
    """
    host, port = listener.getsockname()[:2]
    server = _OnOurSocket(
        listener,
        lingering(app),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        # One protocol, so that a request has one meaning to everybody on its way.
        http=HTTPModes.http1,
        backlog=_BACKLOG,
        http1_settings=HTTP1Settings(
            header_read_timeout=round(header_seconds * 1000),
            max_buffer_size=max(_LEAST_BUFFER, header_bytes),
        ),
        log_enabled=False,
    )
    running = asyncio.create_task(server.serve(), name="http")

    async def stop() -> None:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait({running}, timeout=drain)
        running.cancel()
        await asyncio.wait({running})

    stack.push_async_callback(stop)
    while not server.wrks:
        if running.done():
            await running
            raise RuntimeError("the HTTP server ended before it began")
        await asyncio.sleep(0.001)


def lingering(app: App) -> App:
    """Reads on for a moment after an answer that did not wait for the whole body.

    Granian closes when the app returns, and what is unread then resets the
    connection: the client would lose the answer that says why it was refused.
    """

    async def read_on(scope: Scope, receive: Receive, send: Send) -> None:
        whole = False

        async def read() -> Message:
            nonlocal whole
            message = await receive()
            whole = not message.get("more_body", False)
            return message

        await app(scope, read, send)
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not whole:
                    await read()
        except TimeoutError:
            pass

    def ask(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Nothing is put around the many that have no body.
        if (
            scope["type"] == "http"
            and scope["method"] not in _BODILESS
            and any(name in _BODY for name, _ in scope["headers"])
        ):
            return read_on(scope, receive, send)
        return app(scope, receive, send)

    return ask

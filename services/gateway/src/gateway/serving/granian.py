"""The same app on granian: faster underneath, with the same bounds on headers and the same drain."""

import asyncio
import socket
from contextlib import AsyncExitStack

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from gateway.asgi import App

_BACKLOG = 2048


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

    Granian binds for itself: the listener found that the address is free, and which port that is.

    Raises:
        OSError: somebody else was faster.
    """
    host, port = listener.getsockname()[:2]
    listener.close()
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        # One protocol, so that a request has one meaning to everybody on its way.
        http=HTTPModes.http1,
        backlog=_BACKLOG,
        http1_settings=HTTP1Settings(
            header_read_timeout=round(header_seconds * 1000), max_buffer_size=max(8192, header_bytes)
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
    async with asyncio.timeout(5):
        while not await _accepts(host, port):
            if running.done():
                await running
            await asyncio.sleep(0.005)


async def _accepts(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1" if host == "0.0.0.0" else host, port)  # noqa: S104
    except OSError:
        return False
    writer.close()
    return True

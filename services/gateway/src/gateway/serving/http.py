"""An HTTP server as one more thing on the stack: bound at once, drained and closed when the stack unwinds."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack

from uvicorn import Config, Server

from gateway.asgi import App

_BACKLOG = 2048


class _Embedded(Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the life of the service."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """A bound and listening socket.

    Raises:
        OSError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


async def serve_uvicorn(
    stack: AsyncExitStack,
    app: App,
    listener: socket.socket,
    *,
    protocol: type[asyncio.Protocol] | str = "httptools",
    keep_alive: int = 5,
    drain: int = 5,
) -> None:
    """Serves until the stack unwinds; then running requests have `drain` seconds."""
    config = Config(
        app,
        http=protocol,
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        access_log=False,
        # Whom to believe is decided in the chain, by CIDR.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=keep_alive,
        timeout_graceful_shutdown=drain,
        backlog=_BACKLOG,
    )
    server = _Embedded(config)
    running = asyncio.create_task(server.serve(sockets=[listener]), name="http")

    async def stop() -> None:
        server.should_exit = True
        await asyncio.wait({running})

    stack.push_async_callback(stop)
    while not server.started:
        if running.done():
            await running
            raise RuntimeError("the HTTP server ended before it began")
        await asyncio.sleep(0.001)

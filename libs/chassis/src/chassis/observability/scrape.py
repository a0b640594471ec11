"""A port of its own for Prometheus to read the metrics of a service that speaks gRPC otherwise."""

import asyncio
import logging
from contextlib import AsyncExitStack

from prometheus_client import start_http_server

log = logging.getLogger(__name__)


def serve_metrics(stack: AsyncExitStack, bind: str | None) -> int | None:
    """Answers every GET with the metrics, from a thread of its own, until the stack is unwound.

    Args:
        stack: stops it.
        bind: host:port, 0 for any port; None serves nothing.

    Returns:
        The bound port, None where nothing is served.

    Raises:
        OSError: the port is taken.
    """
    if bind is None:
        return None
    host, _, port = bind.rpartition(":")
    server, thread = start_http_server(int(port), host.strip("[]"))

    async def close() -> None:
        # It notices within half a second; the loop has better things to do meanwhile.
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join(1)

    stack.push_async_callback(close)
    log.info("metrics.listening", extra={"port": server.server_port})
    return server.server_port

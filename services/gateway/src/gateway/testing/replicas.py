"""Gateways as processes of their own, ready to be asked, stopped and killed."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from gateway.testing.stand_in import StandIn


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Replica:
    process: asyncio.subprocess.Process
    port: int
    internal: int


@asynccontextmanager
async def replicas(auth: StandIn, count: int, **environ: str) -> AsyncIterator[list[Replica]]:
    """So many, ready; those that are left are killed in the end."""
    async with AsyncExitStack() as stack:
        started = []
        for _ in range(count):
            port, internal = free_port(), free_port()
            given = {
                "ENVIRONMENT": "test",
                "GATEWAY_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                "GATEWAY_INTERNAL_HOST": "127.0.0.1",
                "GATEWAY_INTERNAL_PORT": str(internal),
                "AUTH_GRPC_TARGET": auth.address,
                "TRIAGE_GRPC_TARGET": "127.0.0.1:1",
                "RATE_LIMIT_STORAGE_URI": "memory://",
                "PATH": os.environ["PATH"],
                "GATEWAY_SERVER": os.environ.get("TEST_GATEWAY_SERVER", "uvicorn"),
                **environ,
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway", env=given, stdout=asyncio.subprocess.DEVNULL
            )
            stack.push_async_callback(_ended, process)
            started.append(Replica(process, port, internal))
        async with aiohttp.ClientSession() as http, asyncio.timeout(60):
            for replica in started:
                ready = f"http://127.0.0.1:{replica.internal}/readyz"
                while not await answers(http, ready):  # noqa: ASYNC110  # another process has no event
                    await asyncio.sleep(0.05)
        yield started


async def answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as answer:
            return answer.status == HTTPStatus.OK
    except aiohttp.ClientError:
        return False


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


async def connects(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True

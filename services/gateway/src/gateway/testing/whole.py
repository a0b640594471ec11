"""A whole gateway on ports of its own, as `python -m gateway` makes it, and what tests ask of it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from chassis.lifecycle import Readiness
from gateway.app import build
from gateway.settings import GatewaySettings
from gateway.testing.signer import AUDIENCE, ISSUER
from gateway.testing.stand_in import StandIn


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Gateway:
    port: int
    internal_port: int
    readiness: Readiness
    http: aiohttp.ClientSession

    async def ask(self, method: str, path: str, *, token: str | None = None, **kwargs: Any) -> Answer:
        headers = dict(kwargs.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.http.request(method, url, headers=headers, allow_redirects=False, **kwargs) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def probe(self, path: str) -> Answer:
        async with self.http.get(f"http://127.0.0.1:{self.internal_port}{path}") as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def raw(self, data: bytes, *, wait: float = 5.0) -> bytes:
        """Everything the server says until it closes, or until it is quiet for long enough."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        said = b""
        try:
            writer.write(data)
            async with asyncio.timeout(wait):
                while chunk := await reader.read(65536):
                    said += chunk
        except (TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()
        return said


GatewayFactory = Callable[..., Awaitable[Gateway]]


@asynccontextmanager
async def running(auth: StandIn, **environ: str) -> AsyncIterator[Gateway]:
    given = {
        "ENVIRONMENT": "test",
        "GATEWAY_HOST": "127.0.0.1",
        "GATEWAY_PORT": "0",
        "LOG_LEVEL": "info",
        "GATEWAY_INTERNAL_HOST": "127.0.0.1",
        "GATEWAY_INTERNAL_PORT": "0",
        "AUTH_GRPC_TARGET": auth.address,
        "TRIAGE_GRPC_TARGET": "127.0.0.1:1",
        "RATE_LIMIT_STORAGE_URI": "memory://",
        "TOKEN_ISSUER": ISSUER,
        "TOKEN_AUDIENCE": AUDIENCE,
        "GATEWAY_SERVER": os.environ.get("TEST_GATEWAY_SERVER", "uvicorn"),
        **environ,
    }
    settings = GatewaySettings.load(given)
    async with AsyncExitStack() as stack:
        readiness = Readiness()
        port, internal = await build(stack, readiness, settings)
        readiness.serving(yes=True)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Gateway(port, internal, readiness, http)

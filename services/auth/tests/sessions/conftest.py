"""What a client has in front of it: a gateway as a process, and two replicas of auth behind it."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    headers: Any


@dataclass
class Front:
    """The gateway over HTTP, and the replicas to kill and start again on their ports."""

    base: str
    http: aiohttp.ClientSession
    replicas: list[Any]
    ports: list[int]
    gateway: psutil.Process
    seen: list[int] = field(default_factory=list)
    """Every status a client ever saw."""

    async def ask(self, method: str, path: str, token: str = "", **given: Any) -> Answer:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.http.request(method, self.base + path, headers=headers, **given) as answer:
            self.seen.append(answer.status)
            body = await answer.json(content_type=None) if answer.status != 204 else None
            return Answer(answer.status, body, answer.headers)

    async def login(self, username: str, password: str) -> Any:
        answer = await self.ask("POST", "/login", data={"username": username, "password": password})
        assert answer.status == 200, answer
        return answer.body

    async def refresh(self, token: str) -> Answer:
        return await self.ask("POST", "/token/refresh", json={"refresh_token": token})

    async def renew(self, pair: Any) -> Any:
        answer = await self.refresh(pair["refresh_token"])
        assert answer.status == 200, answer
        return answer.body

    async def logout(self, access_token: str) -> Answer:
        return await self.ask("POST", "/logout", access_token)

    async def let_in(self, access_token: str) -> bool:
        return (await self.ask("GET", "/protected", access_token)).status == 200

    async def until_both_are_known(self) -> None:
        """The gateway is connected to both replicas, as it soon is to one that was started again."""
        async with asyncio.timeout(PATIENCE):
            while not set(self.ports) <= {
                each.raddr.port
                for each in self.gateway.net_connections("tcp")
                if each.status == "ESTABLISHED"
            }:
                await asyncio.sleep(0.02)

    async def until_refused(self, *access_tokens: str) -> None:
        """By nobody more than a second after their session was ended."""
        async with asyncio.timeout(1):
            for token in access_tokens:
                while await self.let_in(token):
                    await asyncio.sleep(0.01)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def _wait_for(http: aiohttp.ClientSession, url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            assert process.returncode is None
            with suppress(aiohttp.ClientError):
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.02)


Fronts = Callable[..., AbstractAsyncContextManager[Front]]


@pytest.fixture
def front(processes: Callable[..., Any], tmp_path: Path) -> Fronts:
    """Starts all three on a database; settings of auth are changed as told, of the gateway by `gateway`."""

    @asynccontextmanager
    async def started(
        url: str, *, gateway: dict[str, str] | None = None, **auth: str
    ) -> AsyncIterator[Front]:
        ports = [_free_port() for _ in range(4)]
        made = [processes(url, GRPC_BIND=f"127.0.0.1:{port}", **auth) for port in ports[:2]]
        environ = {
            **os.environ,
            "ENVIRONMENT": "test",
            "GATEWAY_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(ports[2]),
            "GATEWAY_INTERNAL_HOST": "127.0.0.1",
            "GATEWAY_INTERNAL_PORT": str(ports[3]),
            "AUTH_GRPC_TARGET": "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports[:2]),
            "TRIAGE_GRPC_TARGET": "127.0.0.1:1",
            "RATE_LIMIT_STORAGE_URI": "memory://",
            "RATE_LIMIT_ENABLED": "false",
            **(gateway or {}),
        }
        async with AsyncExitStack() as stack:
            starting: list[Coroutine[Any, Any, Any]] = [each.launch() for each in made]
            log = stack.enter_context((tmp_path / "gateway.log").open("wb"))
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway", stdout=log, stderr=log, env=environ
            )
            stack.push_async_callback(_end, process)
            connector = aiohttp.TCPConnector(limit=64)
            http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            await asyncio.gather(*starting, _wait_for(http, f"http://127.0.0.1:{ports[3]}/readyz", process))
            yield Front(f"http://127.0.0.1:{ports[2]}", http, made, ports[:2], psutil.Process(process.pid))

    return started

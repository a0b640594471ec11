"""A migrated database per test, and the whole service on it, spoken to over gRPC."""

import asyncio
import functools
import itertools
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import grpc
import psycopg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from auth.app import build
from auth.domain.passwords.hasher import PasswordHasher
from auth.domain.passwords.peppers import Peppers
from auth.domain.passwords.pool import HashingPool
from auth.domain.secret_keys import SecretKeys
from auth.migrate import migrate
from auth.settings import AuthSettings
from auth.storage.database import parse_url
from chassis.clock import Clock
from chassis.grpc.client import call
from chassis.lifecycle import Readiness
from chassis.testing.grpc import channel_to
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc
from suite.databases import Databases

SECRET_KEY = "kQ3vX8mZ1rT6yB9wF4hJ7nL2pS5dG0cAkQ3vX8mZ1rT6yB9w"
PASSWORD = "a quiet harbour in november"
PATIENCE = 15.0
# Of three processes at once, on a machine that has other work.
STARTING = 60.0
_ENVIRON = {
    "ENVIRONMENT": "test",
    "SECRET_KEY": SECRET_KEY,
    "GRPC_BIND": "127.0.0.1:0",
    "BCRYPT_ROUNDS": "4",
    "RATE_LIMIT_STORAGE_URI": "memory://",
    # Promptness is what the tests of outages are about; the others may run on a busy machine.
    "DATABASE_TIMEOUT_SECONDS": "5",
}


@pytest.fixture(scope="session")
def postgres_template(databases: Databases) -> str:
    return databases.template("auth_template", lambda url: migrate(parse_url(url)))


@dataclass(frozen=True)
class Replica:
    """One auth of its own: its pool, its keys in memory, its feed."""

    channel: grpc.aio.Channel
    port: int

    @property
    def auth(self) -> "rpc.AuthServiceAsyncStub":
        return rpc.AuthServiceStub(self.channel)

    @property
    def keys(self) -> "rpc.KeyServiceAsyncStub":
        return rpc.KeyServiceStub(self.channel)

    @property
    def revocations(self) -> "rpc.RevocationServiceAsyncStub":
        return rpc.RevocationServiceStub(self.channel)

    async def call(
        self,
        method: Callable[..., Any],
        request: Any,
        tokens: pb.TokenPair | None = None,
        seconds: float = 5.0,
    ) -> Any:
        """As the gateway calls: within a deadline, with what went wrong as a ServiceError."""
        token = tokens.access_token if tokens else None
        return await call(method, request, peer="auth", seconds=seconds, token=token)

    async def login(
        self, username: str = "ada", password: str = PASSWORD, *, address: str = "192.0.2.7"
    ) -> pb.TokenPair:
        client = pb.ClientContext(address=address, user_agent="a browser")
        request = pb.LoginRequest(username=username, password=password, client=client)
        answer: pb.LoginResponse = await self.call(self.auth.Login, request)
        return answer.tokens

    async def refresh(self, refresh_token: str) -> pb.TokenPair:
        request = pb.RefreshRequest(refresh_token=refresh_token)
        answer: pb.RefreshResponse = await self.call(self.auth.Refresh, request)
        return answer.tokens

    async def logout(self, tokens: pb.TokenPair, refresh_token: str = "") -> None:
        await self.call(self.auth.Logout, pb.LogoutRequest(refresh_token=refresh_token), tokens)


class Replicas(Protocol):
    def __call__(
        self, url: str, *, clock: Clock | None = None, **changes: str
    ) -> AbstractAsyncContextManager[Replica]: ...


def _settings_for(url: str, **changes: str) -> AuthSettings:
    settings, faults = AuthSettings.inspect({**_ENVIRON, "DATABASE_URL": url, **changes})
    assert settings is not None, faults
    assert not faults
    return settings


async def _until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # what is awaited has no event of its own
            await asyncio.sleep(0.005)


@asynccontextmanager
async def _replica(url: str, *, clock: Clock | None = None, **changes: str) -> AsyncIterator[Replica]:
    async with AsyncExitStack() as stack:
        readiness = Readiness()
        port = await build(stack, readiness, _settings_for(url, **changes), clock=clock)
        readiness.serving(yes=True)
        await _until(lambda: readiness.ready)
        yield Replica(await stack.enter_async_context(channel_to(f"127.0.0.1:{port}")), port)


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Waits until something is true, but not for ever."""
    return _until


@pytest.fixture
def replicas() -> Replicas:
    """Starts a replica on a database, with its settings changed as told."""
    return _replica


@functools.cache
def _hashed(password: str) -> str:
    pool = HashingPool(threads=1, queue=0)
    keys = SecretKeys(SECRET_KEY.encode())
    return PasswordHasher(peppers=Peppers.derive(keys), rounds=4, pool=pool)._hash(password)


def _add_user(url: str, username: str, role: str = "user", password: str = PASSWORD) -> uuid.UUID:
    user = uuid.uuid4()
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO users (id, username, username_key, password, role, created_at)"
            " VALUES (%s, %s, %s, %s, %s, now())",
            (user, username, username, _hashed(password), role),
        )
    return user


class Process:
    """`python -m auth` as operators run it: started, killed, started again."""

    def __init__(self, url: str, log: Path, changes: Mapping[str, str]) -> None:
        self._environ = {**os.environ, **_ENVIRON, "DATABASE_URL": url, **changes}
        self._stack = AsyncExitStack()
        self.log = log

    async def launch(self) -> int:
        """The port, once it has said that it has started; nobody has called it yet."""
        with self.log.open("ab") as output:
            began = output.tell()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "auth", stdout=output, stderr=output, env=self._environ
            )
        port = int((await self._said("grpc.listening", began))["port"])
        await self._said("service.started", began)
        return port

    async def start(self) -> Replica:
        """Answers when it is ready."""
        port = await self.launch()
        channel = await self._stack.enter_async_context(channel_to(f"127.0.0.1:{port}"))
        health = health_pb2_grpc.HealthStub(channel)
        async with asyncio.timeout(STARTING):
            answer = await health.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True)
            while answer.status != health_pb2.HealthCheckResponse.SERVING:
                await asyncio.sleep(0.02)
                answer = await health.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True)
        return Replica(channel, port)

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def close(self) -> None:
        await self._stack.aclose()
        await self.kill()

    async def _said(self, event: str, began: int) -> Any:
        """The line of this event, looked for behind what was said before."""
        async with asyncio.timeout(STARTING):
            while True:
                for line in self.log.read_bytes()[began:].splitlines(keepends=True):
                    if f'"{event}"'.encode() in line and line.endswith(b"\n"):
                        return json.loads(line)
                assert self._process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.02)


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Callable[..., Process]]:
    """Makes processes of auth on a database, with their settings changed as told."""
    async with AsyncExitStack() as stack:
        made = itertools.count()

        def process(url: str, **changes: str) -> Process:
            each = Process(url, tmp_path / f"auth-{next(made)}.log", changes)
            stack.push_async_callback(each.close)
            return each

        yield process


@pytest.fixture
def environ() -> dict[str, str]:
    """What a replica is told, but for its database."""
    return dict(_ENVIRON)


@pytest.fixture
def settings_for() -> Callable[..., AuthSettings]:
    """Settings for a database, changed as told by the operators' names."""
    return _settings_for


@pytest.fixture
def add_user() -> Callable[..., uuid.UUID]:
    """Adds an account to a database: url, user name, role, password."""
    return _add_user


@pytest.fixture
def password() -> str:
    """What accounts have where nothing else is said."""
    return PASSWORD


@pytest.fixture
def database(postgres_url: str) -> str:
    """The address of a database in which ada is a user and root is an admin."""
    _add_user(postgres_url, "ada")
    _add_user(postgres_url, "root", "admin")
    return postgres_url


@pytest.fixture
async def auth(database: str) -> AsyncIterator[Replica]:
    async with _replica(database) as made:
        yield made

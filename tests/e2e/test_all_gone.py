"""Auth, PostgreSQL and Redis killed at once: verified traffic goes on without a failure, then all is back."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from suite.api import Api, Pair
from suite.processes import deadline
from suite.run import Suite

pytestmark = pytest.mark.local
CLIENTS = 6


@pytest.fixture(scope="module")
def own(server_folder: Path) -> Iterator[Suite]:
    """Limits are on, or Redis would not be asked; high ones, so that they are not what answers."""
    limits = {f"RATE_LIMIT_{name}": "1000000/minute" for name in ("DEFAULT", "LOGIN", "REFRESH")}
    with Suite(server_folder / "all-gone", service_env={"gateway": limits}, gateways=2) as running:
        yield running


@pytest.fixture
async def apis(own: Suite) -> AsyncIterator[list[Api]]:
    """One for each gateway."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield [Api(ports.base_url, http) for ports in own.gateway_ports]


@dataclass
class Traffic:
    """What clients that never stop are answered."""

    apis: list[Api]
    pairs: list[Pair]
    seen: Counter[object] = field(default_factory=Counter)

    async def client(self, number: int) -> None:
        while True:
            number += 1
            api, pair = self.apis[number % len(self.apis)], self.pairs[number % len(self.pairs)]
            try:
                answer = await api.get("/authz" if number % 3 else "/protected", pair.access)
                self.seen[answer.status] += 1
            except aiohttp.ClientError as error:
                self.seen[repr(error)] += 1

    async def more(self, count: int) -> None:
        """Returns when so many more have been answered."""
        after = self.seen.total() + count
        async with asyncio.timeout(60):
            while self.seen.total() < after:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def traffic(apis: list[Api], pairs: list[Pair]) -> AsyncIterator[Traffic]:
    going = Traffic(apis, pairs)
    clients = [asyncio.create_task(going.client(number)) for number in range(CLIENTS)]
    try:
        yield going
    finally:
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)


async def everywhere(apis: list[Api], pair: Pair) -> set[int]:
    return {(await api.protected(pair.access)).status for api in apis}


async def until_refused(apis: list[Api], pair: Pair) -> None:
    async with asyncio.timeout(5):
        while await everywhere(apis, pair) != {401}:
            await asyncio.sleep(0.01)


def kill_all(own: Suite) -> None:
    own.children["auth"].kill()
    own.postgres.kill()
    own.valkey.kill()


async def test_verified_traffic_goes_on_and_sign_in_comes_back(apis: list[Api], own: Suite) -> None:
    pairs = [await apis[0].sign_in(own.admin) for _ in range(6)]
    ended, known, never_seen = pairs[0], pairs[1:4], pairs[4:]
    await apis[0].logout(ended.access)
    await until_refused(apis, ended)

    async with traffic(apis, known) as going:
        await going.more(200)
        await asyncio.to_thread(kill_all, own)
        await going.more(1000)

        for pair in never_seen:
            assert await everywhere(apis, pair) == {200}
        assert await everywhere(apis, ended) == {401}
        forged = known[0].access[:-8] + "AAAAAAAA"
        assert (await apis[0].protected(forged)).status == 401
        for refused in (
            apis[0].login(own.admin.username, own.admin.password),
            apis[1].refresh(known[0].refresh),
        ):
            began = time.monotonic()
            assert (await refused).status == 503
            assert time.monotonic() - began < 1.0

        own.postgres.restart()
        own.valkey.restart()
        own.children["auth"].start()
        own.children["auth"].wait(30)
        fresh = await signed_in_again(apis, own)
        await going.more(200)
    assert set(going.seen) == {200}

    assert await everywhere(apis, fresh) == {200}
    assert (await apis[0].logout(fresh.access)).status == 204
    await until_refused(apis, fresh)
    assert await everywhere(apis, ended) == {401}


async def signed_in_again(apis: list[Api], own: Suite) -> Pair:
    """At every gateway; connections to what is back take their moment."""
    for _ in deadline(15, step=0.1):
        answers = [await api.login(own.admin.username, own.admin.password) for api in apis]
        if all(answer.status == 200 for answer in answers):
            return Pair.of(answers[0])
    pytest.fail(f"still {[answer.status for answer in answers]}")

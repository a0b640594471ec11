"""With Redis stopped, then hung, verified traffic and sign-in go on, and nothing waits 100 ms longer."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from suite.api import Api, Pair
from suite.run import Suite

pytestmark = pytest.mark.local
ROUNDS = 40


@pytest.fixture(scope="module")
def limited(server_folder: Path) -> Iterator[Suite]:
    """With limits on, or Redis would not be asked at all; high ones, so that they are not what answers."""
    limits = {f"RATE_LIMIT_{name}": "100000/minute" for name in ("DEFAULT", "LOGIN", "REFRESH", "TRIAGE")}
    with Suite(server_folder / "redis-gone", service_env={"gateway": limits}) as running:
        yield running


@pytest.fixture
async def api(limited: Suite) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Api(limited.base_url, http)


@pytest.fixture
async def pair(api: Api, limited: Suite) -> Pair:
    return await api.sign_in(limited.admin)


async def _timed(api: Api, pair: Pair) -> list[float]:
    """Seconds that each of some requests took; every one of them answered 200."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = await api.protected(pair.access)
        taken.append(time.perf_counter() - began)
        assert answer.status == 200
    return sorted(taken)


@pytest.mark.parametrize("state", ["stopped", "hung"])
async def test_no_request_waits_a_tenth_of_a_second_longer(
    api: Api, pair: Pair, limited: Suite, state: str
) -> None:
    before = await _timed(api, pair)
    if state == "stopped":
        limited.valkey.kill()
    else:
        limited.valkey.pause()
    try:
        gone = await _timed(api, pair)
    finally:
        limited.valkey.restart()
    # The slowest against the usual: the machine's own hiccups count against us.
    assert gone[-1] - before[ROUNDS // 2] < 0.1


@pytest.mark.parametrize("state", ["stopped", "hung"])
async def test_signing_in_and_staying_signed_in_go_on(api: Api, limited: Suite, state: str) -> None:
    if state == "stopped":
        limited.valkey.kill()
    else:
        limited.valkey.pause()
    try:
        pair = await api.sign_in(limited.admin)
        fresh = Pair.of(await api.refresh(pair.refresh))
        assert (await api.protected(fresh.access)).status == 200
        assert (await api.logout(fresh.access)).status == 204
    finally:
        limited.valkey.restart()


async def test_a_summary_needs_no_redis(api: Api, pair: Pair, limited: Suite) -> None:
    limited.valkey.pause()
    try:
        answer = await api.get("/debug/summarize-errors", pair.access)
        assert answer.status == 200
    finally:
        limited.valkey.restart()

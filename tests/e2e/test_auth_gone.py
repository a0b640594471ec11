"""With auth or its database gone, tokens in hand work on; who needs auth is told within a second."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from suite.api import Api, Pair
from suite.processes import deadline
from suite.run import Suite

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def own(server_folder: Path) -> Iterator[Suite]:
    env = {"RATE_LIMIT_ENABLED": "false", "ENVIRONMENT": "test"}
    with Suite(server_folder / "auth-gone", service_env=dict.fromkeys(("auth", "gateway"), env)) as running:
        yield running


@pytest.fixture
async def api(own: Suite) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Api(own.base_url, http)


@contextmanager
def _auth_hung(own: Suite) -> Iterator[None]:
    own.children["auth"].pause()
    yield
    own.children["auth"].resume()


@contextmanager
def _auth_killed(own: Suite) -> Iterator[None]:
    own.children["auth"].kill()
    yield
    own.children["auth"].start()
    own.children["auth"].wait(30)


@contextmanager
def _postgres_hung(own: Suite) -> Iterator[None]:
    own.postgres.pause()
    yield
    own.postgres.resume()


@contextmanager
def _postgres_killed(own: Suite) -> Iterator[None]:
    own.postgres.kill()
    yield
    own.postgres.restart()


Outage = Callable[[Suite], "contextmanager[None]"]


async def _signed_in_again(api: Api, own: Suite) -> Pair:
    """Once everything is back; connections take their moment."""
    for _ in deadline(15, step=0.1):
        answer = await api.login(own.admin.username, own.admin.password)
        if answer.status == 200:
            return Pair.of(answer)
    pytest.fail(f"still {answer.status}: {answer.body!r}")


@pytest.mark.parametrize(
    "outage",
    [_postgres_hung, _postgres_killed, _auth_hung, _auth_killed],
    ids=["postgres hung", "postgres killed", "auth hung", "auth killed"],
)
async def test_tokens_work_on_and_the_rest_is_refused_within_a_second(
    api: Api, own: Suite, outage: Outage
) -> None:
    pair = await _signed_in_again(api, own)
    usual = await _slowest(api, pair)
    with outage(own):
        during = await _slowest(api, pair)
        for asked in (
            lambda: api.login(own.admin.username, own.admin.password),
            lambda: api.refresh(pair.refresh),
        ):
            began = time.monotonic()
            answer = await asked()
            assert answer.status == 503
            assert answer.headers["Content-Type"].startswith("application/problem+json")
            assert time.monotonic() - began < 1.0
    assert during - usual < 0.1
    assert (await _signed_in_again(api, own)).access


async def _slowest(api: Api, pair: Pair) -> float:
    taken = []
    for _ in range(30):
        began = time.perf_counter()
        answer = await api.protected(pair.access)
        taken.append(time.perf_counter() - began)
        assert answer.status == 200
    return max(taken)

"""A limit is told before it is reached, and past it there is a time to come back."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from suite.api import Api
from suite.run import Suite

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def own(server_folder: Path) -> Iterator[Suite]:
    """Two gateways, for a limit is one over all of them."""
    with Suite(server_folder / "limits", gateways=2) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


async def test_the_sixth_sign_in_within_a_minute_is_refused_at_whichever_gateway(
    own: Suite, http: aiohttp.ClientSession
) -> None:
    gateways = [Api(ports.base_url, http) for ports in own.gateway_ports]
    statuses = []
    for attempt in range(6):
        answer = await gateways[attempt % 2].login("nobody", "no password of anybody")
        statuses.append(answer.status)
    assert statuses == [401] * 5 + [429]
    assert answer.reason
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "RateLimit-Policy" in answer.headers


async def test_what_is_left_is_told_on_every_answer(own: Suite, http: aiohttp.ClientSession) -> None:
    api = Api(own.base_url, http)
    answer = await api.get("/external-api")
    assert answer.headers["RateLimit-Policy"]
    assert answer.headers["RateLimit"]


async def test_probes_are_never_limited(own: Suite, http: aiohttp.ClientSession) -> None:
    probe = Api(own.internal_url, http)
    statuses = {(await probe.get(path)).status for _ in range(20) for path in ("/livez", "/readyz")}
    assert statuses == {200}


async def test_probes_and_metrics_are_not_for_clients(own: Suite, http: aiohttp.ClientSession) -> None:
    api = Api(own.base_url, http)
    for path in ("/livez", "/readyz", "/metrics"):
        assert (await api.get(path)).status == 404

"""A team's own API behind the gateway: passed on while it is there, its last good answer while it is not."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from suite.api import Api
from suite.run import Suite


async def test_an_upstream_is_reached_through_the_gateway(api: Api) -> None:
    answer = await api.get("/external-api")
    assert answer.status == 200
    told = answer.json()
    assert (told["status"], told["source"]) == ("ok", "upstream")
    assert "upstream" in told["data"]["message"]


@pytest.fixture(scope="module")
def own(server_folder: Path) -> Iterator[Suite]:
    with Suite(server_folder / "external") as running:
        yield running


@pytest.fixture
async def own_api(own: Suite) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(own.base_url, http)


@pytest.mark.local
async def test_while_it_is_gone_the_last_good_answer_is_given_and_marked(own: Suite, own_api: Api) -> None:
    good = await own_api.get("/external-api")
    own.children["upstream"].kill()
    again = await own_api.get("/external-api")
    assert again.status == 200
    told = again.json()
    assert (told["status"], told["source"]) == ("degraded", "fallback_cache")
    assert told["data"] == good.json()["data"]
    assert again.headers["X-Degraded"]

"""What is true at one replica is true at all of them, also at those that came later."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest

from charting.cluster import Cluster, until
from suite.api import Api
from suite.plan import Account

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture
async def gateways(cluster: Cluster) -> AsyncIterator[list[Api]]:
    """Three, each reached by itself."""
    cluster.scale("gateway", 3)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        yield [
            Api(f"http://{stack.enter_context(cluster.forward(f'pod/{pod}', 8000))}", http, patient=True)
            for pod in cluster.pods("gateway")
        ]
    cluster.scale("gateway", 2)


async def test_a_logout_at_one_gateway_is_true_at_each_within_a_second(gateways: list[Api], account: Account):
    assert len(gateways) == 3
    pair = await gateways[0].sign_in(account)
    for gateway in gateways:
        assert (await gateway.protected(pair.access)).status == 200

    await gateways[0].logout(pair.access)

    told = time.monotonic()
    for gateway in gateways:
        while (await gateway.protected(pair.access)).status != 401:
            assert time.monotonic() - told < 1


async def test_new_auth_replicas_get_traffic_within_90_seconds(cluster: Cluster, api: Api, account: Account):
    cluster.scale("auth", 1)
    first = cluster.pods("auth")
    await api.sign_in(account)
    cluster.scale("auth", 3)
    new = [pod for pod in cluster.pods("auth") if pod not in first]
    assert len(new) == 2
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        asked = {
            pod: f"http://{stack.enter_context(cluster.forward(f'pod/{pod}', 8001))}/metrics" for pod in new
        }
        waiting = set(new)
        for _ in until(90, "each new replica of auth is called"):
            await api.sign_in(account)
            for pod in list(waiting):
                async with http.get(asked[pod]) as answer:
                    if 'rpc_method="reliability.auth.v1.AuthService/Login"' in await answer.text():
                        waiting.discard(pod)
            if not waiting:
                break
    cluster.scale("auth", 2)

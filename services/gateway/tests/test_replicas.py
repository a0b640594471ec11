"""Several gateways as processes: one limit, and one truth about who is signed out."""

import asyncio
import statistics
import time
from collections import Counter

import aiohttp
import pytest

from gateway.testing.replicas import replicas
from gateway.testing.stand_in import StandIn
from suite.valkey import Valkey

pytestmark = [pytest.mark.slow, pytest.mark.alone]


async def test_four_replicas_admit_exactly_the_limit_of_one_key(auth: StandIn, own_valkey: Valkey) -> None:
    environ = {
        "RATE_LIMIT_STORAGE_URI": own_valkey.url(),
        "RATE_LIMIT_DEFAULT": "100/hour",
    }
    async with replicas(auth, 4, **environ) as gateways, aiohttp.ClientSession() as http:

        async def client(number: int) -> Counter[int]:
            seen: Counter[int] = Counter()
            for attempt in range(6):
                url = f"http://127.0.0.1:{gateways[(number + attempt) % 4].port}/ready"
                async with http.get(url) as answer:
                    seen[answer.status] += 1
            return seen

        seen = sum(await asyncio.gather(*(client(number) for number in range(64))), Counter())
    assert seen == {200: 100, 429: 64 * 6 - 100}


async def test_a_revocation_is_known_everywhere_at_once(auth: StandIn) -> None:
    async with replicas(auth, 3, RATE_LIMIT_ENABLED="false") as gateways, aiohttp.ClientSession() as http:
        delays = []
        for number in range(200):
            token = auth.signer.token(sid=f"sid-{number}")
            headers = {"Authorization": f"Bearer {token}"}
            urls = [f"http://127.0.0.1:{gateway.port}/protected" for gateway in gateways]

            async def refused(url: str, headers: dict[str, str] = headers) -> None:
                while True:
                    async with http.get(url, headers=headers) as answer:
                        if answer.status == 401:
                            return

            for url in urls:
                async with http.get(url, headers=headers) as answer:
                    assert answer.status == 200
            began = time.perf_counter()
            await auth.revoke(2, f"sid-{number}")  # type: ignore[arg-type]
            async with asyncio.timeout(5):
                await asyncio.gather(*(refused(url) for url in urls))
            delays.append(time.perf_counter() - began)
    assert statistics.quantiles(delays, n=100)[98] < 0.2


async def test_ten_thousand_verified_requests_ask_auth_nothing_and_outlive_it(
    auth: StandIn, own_valkey: Valkey
) -> None:
    environ = {"RATE_LIMIT_STORAGE_URI": own_valkey.url(), "RATE_LIMIT_DEFAULT": "1000000/hour bucket"}
    async with replicas(auth, 1, **environ) as (gateway,), aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{gateway.port}/protected"
        tokens = [{"Authorization": f"Bearer {auth.signer.token()}"} for _ in range(20)]
        before = auth.calls.copy()

        async def ask(headers: dict[str, str], count: int) -> set[int]:
            seen = set()
            for _ in range(count):
                async with http.get(url, headers=headers) as answer:
                    seen.add(answer.status)
            return seen

        assert set().union(*await asyncio.gather(*(ask(headers, 500) for headers in tokens))) == {200}
        assert auth.calls - before <= Counter(keys=2)

        await auth.stop()
        own_valkey.kill()
        assert set().union(*await asyncio.gather(*(ask(headers, 25) for headers in tokens))) == {200}
        fresh = {"Authorization": f"Bearer {auth.signer.token()}"}
        assert await ask(fresh, 1) == {200}
        async with http.post(
            f"http://127.0.0.1:{gateway.port}/login", data={"username": "alice", "password": "x"}
        ) as answer:
            assert answer.status == 503

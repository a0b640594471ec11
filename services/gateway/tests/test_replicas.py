"""Several gateways as processes: one limit, one truth about who is signed out, no request lost."""

import asyncio
import os
import re
import signal
import socket
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest

from gateway.testing import until
from gateway.testing.stand_in import PASSWORD, StandIn
from suite.valkey import Valkey

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Replica:
    process: asyncio.subprocess.Process
    port: int
    internal: int


@asynccontextmanager
async def replicas(auth: StandIn, count: int, **environ: str) -> AsyncIterator[list[Replica]]:
    """Real processes, ready."""
    async with AsyncExitStack() as stack:
        started = []
        for _ in range(count):
            port, internal = free_port(), free_port()
            given = {
                "ENVIRONMENT": "test",
                "GATEWAY_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                "GATEWAY_INTERNAL_HOST": "127.0.0.1",
                "GATEWAY_INTERNAL_PORT": str(internal),
                "AUTH_GRPC_TARGET": auth.address,
                "TRIAGE_GRPC_TARGET": "127.0.0.1:1",
                "RATE_LIMIT_STORAGE_URI": "memory://",
                "PATH": os.environ["PATH"],
                "GATEWAY_SERVER": os.environ.get("TEST_GATEWAY_SERVER", "uvicorn"),
                **environ,
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway", env=given, stdout=asyncio.subprocess.DEVNULL
            )
            stack.push_async_callback(ended, process)
            started.append(Replica(process, port, internal))
        async with aiohttp.ClientSession() as http, asyncio.timeout(60):
            for replica in started:
                while not await answers(http, f"http://127.0.0.1:{replica.internal}/readyz"):
                    await asyncio.sleep(0.05)
        yield started


async def answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


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


async def test_a_replica_that_is_told_to_stop_loses_no_request(auth: StandIn) -> None:
    environ = {"RATE_LIMIT_ENABLED": "false", "SHUTDOWN_DELAY_SECONDS": "1"}
    async with replicas(auth, 2, **environ) as gateways, aiohttp.ClientSession() as probes:
        alive = [True, True]
        stopped = asyncio.Event()
        seen: Counter[object] = Counter()

        async def balance() -> None:
            """As a Service does: by readiness, a little late."""
            while not stopped.is_set():
                for number, gateway in enumerate(gateways):
                    alive[number] = await answers(probes, f"http://127.0.0.1:{gateway.internal}/readyz")
                await asyncio.sleep(0.1)

        async def client(number: int) -> None:
            async with aiohttp.ClientSession() as http:
                headers = {"Authorization": f"Bearer {auth.signer.token()}"}
                while not stopped.is_set():
                    number += 1
                    pick = number % 2 if alive[number % 2] else (number + 1) % 2
                    try:
                        url = f"http://127.0.0.1:{gateways[pick].port}/protected"
                        async with http.get(url, headers=headers) as answer:
                            await answer.read()
                            seen[answer.status] += 1
                    except aiohttp.ClientError as error:
                        seen[repr(error)] += 1

        balancer = asyncio.create_task(balance())
        clients = [asyncio.create_task(client(number)) for number in range(16)]
        while seen[200] < 300:
            await asyncio.sleep(0.01)
        gateways[0].process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(gateways[0].process.wait(), 15)
        after = seen[200]
        while seen[200] < after + 300:
            await asyncio.sleep(0.01)
        stopped.set()
        await asyncio.gather(*clients, balancer)

    assert set(seen) == {200}
    assert gateways[0].process.returncode == 0


async def test_a_request_under_way_is_answered_whole_by_a_replica_that_stops(
    auth: StandIn,
) -> None:
    auth.gate.clear()
    environ = {"SHUTDOWN_DELAY_SECONDS": "0"}
    async with replicas(auth, 1, **environ) as (gateway,), aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{gateway.port}/login"
        asked = asyncio.create_task(http.post(url, data={"username": "alice", "password": PASSWORD}))
        await until(lambda: auth.calls["login"] == 1)
        gateway.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            while await connects(gateway.port):
                await asyncio.sleep(0.01)
        auth.gate.set()
        async with await asked as answer:
            assert answer.status == 200
            assert "access_token" in await answer.json()
        assert await asyncio.wait_for(gateway.process.wait(), 15) == 0


async def test_a_replica_that_stops_waits_no_longer_than_it_was_told(auth: StandIn) -> None:
    auth.gate.clear()
    environ = {"SHUTDOWN_DELAY_SECONDS": "0", "DRAIN_SECONDS": "1"}
    async with replicas(auth, 1, **environ) as (gateway,), aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{gateway.port}/login"
        asked = asyncio.create_task(http.post(url, data={"username": "alice", "password": PASSWORD}))
        await until(lambda: auth.calls["login"] == 1)
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(gateway.process.wait(), 15) == 0
        assert 0.9 < time.monotonic() - began < 6
        auth.gate.set()
        await asyncio.gather(asked, return_exceptions=True)


async def connects(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_taken_port_is_one_sentence(auth: StandIn) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway",
            env={
                "ENVIRONMENT": "test",
                "GATEWAY_HOST": "127.0.0.1",
                "GATEWAY_INTERNAL_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(taken.getsockname()[1]),
                "GATEWAY_INTERNAL_PORT": "0",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await asyncio.wait_for(process.communicate(), 15)
    assert process.returncode == 1
    assert re.fullmatch(rb"The gateway cannot listen: .*\n", said)

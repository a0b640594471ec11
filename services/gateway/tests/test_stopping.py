"""A gateway that is told to stop loses no request; one that cannot begin says why."""

import asyncio
import re
import signal
import socket
import sys
import time
from collections import Counter

import aiohttp
import pytest

from gateway.testing import until
from gateway.testing.replicas import answers, connects, replicas
from gateway.testing.stand_in import PASSWORD, StandIn

pytestmark = [pytest.mark.slow, pytest.mark.alone]


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

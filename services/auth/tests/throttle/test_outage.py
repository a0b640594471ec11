"""Redis gone, hung or slow: sign-in goes on within its time, and is still limited."""

import asyncio
import re
import time
from collections.abc import Callable
from itertools import count

import pytest
from redis.asyncio import Redis

from auth.domain.throttle.fallback import FallbackLedger
from auth.domain.throttle.ledger import Ledger, LedgerDown, LocalLedger
from auth.domain.throttle.sign_in import ACCOUNT_AND_NETWORK, SignInThrottle
from auth.storage.throttle_redis import RedisLedger
from chassis.clock import SystemClock
from chassis.errors import Exhausted
from chassis.testing import FrozenClock
from suite.servers import ValkeyServer

pytestmark = pytest.mark.alone

HOME = "203.0.113.7"
ThrottleOver = Callable[[Ledger, FrozenClock], SignInThrottle]


async def tries_allowed(throttle: SignInThrottle, number: int) -> int:
    allowed = 0
    for _ in range(number):
        try:
            await throttle.reserve(account="alice", address=HOME)
        except Exhausted:
            continue
        allowed += 1
    return allowed


async def test_a_hung_redis_costs_a_tenth_of_a_second_once_and_limits_hold(
    own_valkey: ValkeyServer, clock: FrozenClock, throttles: ThrottleOver
) -> None:
    outages = count()
    async with RedisLedger.connect(own_valkey.url()) as shared:
        ledger = FallbackLedger(
            shared, local=LocalLedger(), clock=SystemClock(), pause=60, on_outage=lambda: next(outages)
        )
        throttle = throttles(ledger, clock)
        assert await tries_allowed(throttle, 1) == 1
        own_valkey.pause()
        try:
            began = time.monotonic()
            allowed = await tries_allowed(throttle, 50)
            took = time.monotonic() - began
        finally:
            own_valkey.resume()

    assert allowed == ACCOUNT_AND_NETWORK.free
    assert next(outages) == 1
    assert took < 0.5


async def test_a_redis_that_refuses_costs_nothing_and_comes_back_by_itself(
    own_valkey: ValkeyServer, clock: FrozenClock, throttles: ThrottleOver
) -> None:
    async with RedisLedger.connect(own_valkey.url(), patience=2.0) as shared:
        ledger = FallbackLedger(shared, local=LocalLedger(), clock=clock)
        throttle = throttles(ledger, clock)
        own_valkey.stop()
        assert await tries_allowed(throttle, 10) == ACCOUNT_AND_NETWORK.free
        own_valkey.start()
        assert await tries_allowed(throttle, 10) == 0
        clock.advance(1.0)

        assert await tries_allowed(throttle, 10) == ACCOUNT_AND_NETWORK.free
        async with Redis.from_url(own_valkey.url()) as client:
            assert len(await client.keys()) == 3


async def test_what_was_counted_in_redis_is_not_given_back_elsewhere(
    own_valkey: ValkeyServer, clock: FrozenClock, throttles: ThrottleOver
) -> None:
    async with RedisLedger.connect(own_valkey.url(), patience=2.0) as shared:
        throttle = throttles(FallbackLedger(shared, local=LocalLedger(), clock=clock), clock)
        attempt = await throttle.reserve(account="alice", address=HOME)
        own_valkey.stop()
        assert await tries_allowed(throttle, 3) == 3
        await throttle.succeeded(attempt, account="alice")

        assert await tries_allowed(throttle, 10) == ACCOUNT_AND_NETWORK.free - 3


async def test_cancelled_callers_never_shift_answers_to_somebody_else(
    valkey_url: str, clock: FrozenClock, throttles: ThrottleOver
) -> None:
    async with RedisLedger.connect(valkey_url, patience=5.0, connections=2) as shared:
        throttle = throttles(shared, clock)
        for number in range(300):
            task = asyncio.create_task(throttle.reserve(account="busy", address=f"10.0.{number}.1"))
            for _ in range(number % 7):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()
            # An answer to one of those would be a wait, or no number at all.
            await throttle.reserve(account=f"user{number}", address=f"192.{number // 250}.{number % 250}.1")


async def test_keys_name_nobody_and_are_forgotten(
    valkey_url: str, clock: FrozenClock, throttles: ThrottleOver
) -> None:
    async with RedisLedger.connect(valkey_url, patience=5.0) as shared:
        throttle = throttles(shared, clock)
        await throttle.reserve(account="alice", address=HOME)
        async with Redis.from_url(valkey_url) as client:
            keys = [key.decode() for key in await client.keys()]
            lives = [await client.ttl(key) for key in keys]

    assert sorted(key.split(":")[2] for key in keys) == ["account", "address", "pair"]
    assert all(key.startswith("test:{sign-in}:") for key in keys)
    assert all(re.fullmatch(r"[0-9a-f]{32}", key.split(":")[3]) for key in keys)
    assert all(0 < life < 3600 for life in lives)


async def test_a_store_that_is_not_there_is_told_as_down() -> None:
    async with RedisLedger.connect("redis://127.0.0.1:1/0") as shared:
        with pytest.raises(LedgerDown):
            await shared.settle((), succeeded=True)

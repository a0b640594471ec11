"""Redis makes answers shared; without it they are this process's own, soon and without a failure."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from chassis.clock import SystemClock
from chassis.testing import FrozenClock
from suite.servers import ValkeyServer
from triage.cache.memory import MemoryStore
from triage.cache.shared import SharedStore
from triage.cache.store import Store


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


def shared(stack: AsyncExitStack, url: str) -> SharedStore:
    return SharedStore(stack, url, SystemClock())


def patient(stack: AsyncExitStack, url: str) -> SharedStore:
    """For facts that are not about time, on a machine that may be busy."""
    return SharedStore(stack, url, SystemClock(), seconds=10)


def store(stack: AsyncExitStack, url: str) -> Store:
    return Store(SystemClock(), shared(stack, url))


async def test_replicas_share_what_one_of_them_kept(stack: AsyncExitStack, valkey_url: str) -> None:
    # By another name of the same store, as the other services take it.
    urls = (valkey_url, valkey_url.replace("redis://", "async+redis://"))
    one, other = (Store(SystemClock(), patient(stack, url)) for url in urls)
    await one.put("a", b"1", 60)

    assert await other.get("a") == b"1"
    assert await other.get("b") is None


async def test_a_value_is_forgotten_after_its_time(stack: AsyncExitStack, valkey_url: str) -> None:
    clock = FrozenClock()
    local = Store(clock, None)
    await local.put("a", b"1", 60)
    clock.advance(59)
    assert await local.get("a") == b"1"
    clock.advance(2)
    assert await local.get("a") is None


async def test_a_stopped_redis_costs_little_and_fails_nobody(
    stack: AsyncExitStack, own_valkey: ValkeyServer
) -> None:
    kept = store(stack, own_valkey.url())
    await kept.put("a", b"1", 60)
    own_valkey.kill()
    began = time.monotonic()

    assert await kept.get("a") == b"1"
    await kept.put("b", b"2", 60)
    assert await kept.get("b") == b"2"

    assert time.monotonic() - began < 0.5


async def test_a_hung_redis_costs_one_request_at_most_a_tenth_of_a_second(
    stack: AsyncExitStack, own_valkey: ValkeyServer
) -> None:
    kept = store(stack, own_valkey.url())
    await kept.put("a", b"1", 60)
    own_valkey.pause()
    try:
        began = time.monotonic()
        for _ in range(10):
            assert await kept.get("a") == b"1"
            await kept.put("a", b"1", 60)
        took = time.monotonic() - began
    finally:
        own_valkey.resume()

    # 50 ms by design; the rest is a busy machine.
    assert took < 0.3


async def test_redis_is_used_again_once_it_is_back(stack: AsyncExitStack, own_valkey: ValkeyServer) -> None:
    clock = FrozenClock()
    away = SharedStore(stack, own_valkey.url(), clock)
    own_valkey.pause()
    assert await away.get("a") is None
    own_valkey.resume()
    assert await away.get("a") is None, "it is left alone for a moment"

    clock.advance(2)
    await away.put("a", b"1", 60)
    assert await away.get("a") == b"1"


async def test_a_cancelled_reader_never_leaves_its_answer_to_the_next(
    stack: AsyncExitStack, valkey_url: str
) -> None:
    asked = patient(stack, valkey_url)
    for i in range(20):
        await asked.put(f"k{i}", str(i).encode(), 60)

    for round_ in range(200):
        cancelled = asyncio.create_task(asked.get(f"k{round_ % 20}"))
        for _ in range(round_ % 5):
            await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.wait({cancelled})
        found = await asked.get(f"k{(round_ + 7) % 20}")
        assert found in (None, str((round_ + 7) % 20).encode())

    assert await asked.get("k3") == b"3"


async def test_nobody_is_let_past_a_bound_however_many_take_at_once(
    stack: AsyncExitStack, valkey_url: str
) -> None:
    replicas = [patient(stack, valkey_url) for _ in range(4)]

    taken = await asyncio.gather(
        *(replicas[i % 4].take("n", 10, at_most=100, ttl_seconds=60) for i in range(24))
    )

    assert taken.count(True) == 10


def test_memory_is_bounded_in_bytes_and_drops_what_was_not_used_longest() -> None:
    held = MemoryStore(FrozenClock(), max_bytes=100)
    held.put("a", b"x" * 40, 60)
    held.put("b", b"x" * 40, 60)
    assert held.get("a")
    held.put("c", b"x" * 40, 60)

    assert held.get("b") is None
    assert held.get("a")
    assert held.get("c")
    held.put("huge", b"x" * 101, 60)
    assert held.get("huge") is None
    assert held.get("c")

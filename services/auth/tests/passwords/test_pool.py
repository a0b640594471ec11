"""The hashing pool: bounded, quick to refuse, and no hindrance to anything else."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from auth.domain.passwords.pool import HashingPool
from chassis.errors import Unavailable


@pytest.fixture
async def pool() -> AsyncIterator[HashingPool]:
    pool = HashingPool(threads=1, queue=2)
    yield pool
    await pool.close()


@contextmanager
def busy(pool: HashingPool) -> Iterator[asyncio.Task[None]]:
    """The one thread is held until the block ends."""
    until = threading.Event()
    task = asyncio.create_task(pool.run(lambda: (until.wait(30), None)[1]))
    try:
        yield task
    finally:
        until.set()


async def queued(pool: HashingPool, number: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(pool.run(lambda: 1)) for _ in range(number)]
    await asyncio.sleep(0)
    assert pool.waiting == number
    return tasks


async def test_past_its_queue_it_says_no_and_when_to_try_again(pool: HashingPool) -> None:
    with busy(pool) as first:
        tasks = await queued(pool, 2)

        with pytest.raises(Unavailable) as refused:
            await pool.run(lambda: 1)

    assert refused.value.reason == "HASHING_OVERLOADED"
    assert refused.value.retry_after is not None
    assert refused.value.retry_after >= 1
    assert await asyncio.gather(*tasks) == [1, 1]
    await first


async def test_who_is_cancelled_in_the_queue_leaves_their_place(pool: HashingPool) -> None:
    with busy(pool) as first:
        tasks = await queued(pool, 2)
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]

        assert pool.waiting == 1
        late = asyncio.create_task(pool.run(lambda: 2))

    assert await late == 2
    assert await tasks[1] == 1
    await first


async def test_who_is_cancelled_while_hashing_keeps_the_thread_until_it_is_done(pool: HashingPool) -> None:
    with busy(pool) as first:
        waiting = await queued(pool, 1)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        tasks = [*waiting, *[asyncio.create_task(pool.run(lambda: 1))]]
        await asyncio.sleep(0)

        assert not any(task.done() for task in tasks)
        with pytest.raises(Unavailable):
            await pool.run(lambda: 1)

    assert await asyncio.gather(*tasks) == [1, 1]


async def test_a_storm_of_cancelled_callers_leaves_no_place_taken(pool: HashingPool) -> None:
    for _ in range(200):
        task = asyncio.create_task(pool.run(lambda: 1))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    assert pool.waiting == 0
    assert await asyncio.gather(*[pool.run(lambda: 3) for _ in range(3)]) == [3, 3, 3]


async def test_what_the_work_raises_reaches_its_caller_and_frees_the_thread(pool: HashingPool) -> None:
    with pytest.raises(ZeroDivisionError):
        await pool.run(lambda: 1 // 0)

    assert await pool.run(lambda: 1) == 1


async def test_a_pool_without_a_queue_still_uses_its_threads() -> None:
    pool = HashingPool(threads=1, queue=0)

    assert await pool.run(lambda: 1) == 1
    with busy(pool) as first:
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await pool.run(lambda: 1)

    await first
    await pool.close()


async def test_a_closed_pool_is_unavailable(pool: HashingPool) -> None:
    await pool.close()

    with pytest.raises(Unavailable):
        await pool.run(lambda: 1)

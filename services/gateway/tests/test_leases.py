"""Units taken in advance: fewer questions, never more than the limit, none for who would not use them."""

import asyncio
import bisect
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest

from chassis.lifecycle import spawn
from gateway.limits.counts import Check, Count, StoreDown
from gateway.limits.leases import LeasedStore
from gateway.limits.notation import Limit
from gateway.limits.redis import RedisStore
from gateway.limits.redis_address import RedisAddress
from gateway.limits.terms import terms

pytestmark = pytest.mark.alone


class Watched:
    """The shared store, and what it was asked."""

    def __init__(self, store: RedisStore) -> None:
        self.store = store
        self.questions = 0
        self.units = 0
        self.gone = False

    async def take(self, checks: Sequence[Check], spare: Sequence[int] | None = None) -> list[Count]:
        if self.gone:
            raise StoreDown("gone")
        counts = await self.store.take(checks, spare)
        self.questions += 1
        for number, (check, count) in enumerate(zip(checks, counts, strict=True)):
            if count.admitted:
                self.units += check.limit.cost + (spare[number] if spare else 0)
        return counts


@pytest.fixture
async def shared(valkey_url: str) -> AsyncIterator[Watched]:
    async with AsyncExitStack() as stack:
        store = RedisStore(RedisAddress.parse(valkey_url), timeout=1)
        spawn(stack, store.keep(), "store")
        await store.connected.wait()
        yield Watched(store)


def check(text: str, key: str = "k") -> Check:
    limit = Limit.parse(text)
    return Check(key, limit, limit.amount)


async def hammer(replicas: list[LeasedStore], asked: list[Check], seconds: float) -> list[float]:
    """Everybody asks as fast as they can; when each was admitted."""
    admitted: list[float] = []
    until = time.monotonic() + seconds

    async def client(replica: LeasedStore) -> None:
        while time.monotonic() < until:
            began = time.monotonic()
            counts = await replica.take(asked)
            if all(count.admitted for count in counts):
                # Neither a lease nor the store can have admitted it before it was asked.
                admitted.append(began)
            else:
                await asyncio.sleep(0.005)
            await asyncio.sleep(0)

    await asyncio.gather(*(client(replica) for replica in replicas for _ in range(8)))
    return sorted(admitted)


@pytest.mark.parametrize("how", ["moving", "bucket"])
async def test_four_replicas_never_admit_more_than_a_large_limit_in_any_window(
    shared: Watched, how: str
) -> None:
    replicas = [LeasedStore(shared) for _ in range(4)]
    # A bucket gives its burst besides what comes back meanwhile.
    text, most = ("3000/second", 3000) if how == "moving" else ("3000/second bucket burst 2000", 5000)
    admitted = await hammer(replicas, [check(text)], 2.5)

    fullest = max(bisect.bisect_left(admitted, at + 1.0) - number for number, at in enumerate(admitted))
    assert fullest <= most
    # And close to what it says.
    assert len(admitted) > 2.5 * 3000 * 0.8


async def test_who_comes_often_costs_the_store_a_question_now_and_then(shared: Watched) -> None:
    replica = LeasedStore(shared)
    admitted = await hammer([replica], [check("6000000/minute")], 0.5)

    assert shared.questions < len(admitted) / 10
    assert len(admitted) <= shared.units
    # One lease in hand and the next one, at most.
    leased = terms(Limit.parse("6000000/minute"), 6_000_000)
    assert leased is not None
    assert shared.units <= len(admitted) + 2 * leased.units


async def test_a_crowd_that_finds_a_lease_under_way_waits_for_it_and_asks_no_more(shared: Watched) -> None:
    replica, asked = LeasedStore(shared), [check("6000000/minute")]
    while replica.take_now(asked) is None:
        await replica.take(asked)
    # Until the lease in hand is used up, with the next one under way.
    while replica.take_now(asked) is not None:
        pass
    before = shared.questions

    counts = await asyncio.gather(*(replica.take(asked) for _ in range(4)))

    assert all(count.admitted for (count,) in counts)
    assert shared.questions <= before + 2


async def test_a_fixed_window_is_never_passed_and_used_up_to_the_unit(shared: Watched) -> None:
    replicas = [LeasedStore(shared) for _ in range(4)]
    admitted = await hammer(replicas, [check("4000/hour fixed")], 1.5)

    assert 4000 * 0.98 <= len(admitted) <= 4000


async def test_a_key_that_comes_seldom_is_counted_one_by_one(shared: Watched) -> None:
    replica, asked = LeasedStore(shared), [check("60000/minute")]
    for _ in range(5):
        await replica.take(asked)
        await asyncio.sleep(0.12)

    assert shared.units == shared.questions == 5


@pytest.mark.parametrize(
    "text", ["100/hour", "1999/minute", "600/minute bucket", "1000/second bucket burst 5"]
)
def test_small_limits_have_no_leases(text: str) -> None:
    limit = Limit.parse(text)

    assert terms(limit, limit.amount) is None


@pytest.mark.parametrize("text", ["2000/minute", "900000/second", "5000/hour bucket burst 2000"])
def test_a_lease_is_at_most_a_thousandth_of_its_limit_for_at_most_a_hundredth_of_its_time(text: str) -> None:
    limit = Limit.parse(text)
    leased = terms(limit, limit.amount)

    assert leased is not None
    assert leased.units <= min(1000, limit.amount / 1000)
    assert leased.life <= min(0.1, limit.period / 100)


async def test_a_small_limit_beside_a_large_one_stays_exact(shared: Watched) -> None:
    replicas = [LeasedStore(shared) for _ in range(4)]
    asked = [check("100000/minute", "large"), check("50/hour", "small")]
    admitted = await hammer(replicas, asked, 0.5)

    assert len(admitted) == 50


async def test_what_is_leased_is_good_while_the_store_is_gone_and_no_longer(shared: Watched) -> None:
    now = [0.0]
    replica, asked = LeasedStore(shared, now=lambda: now[0]), [check("90000/minute")]
    while replica.take_now(asked) is None:
        now[0] += 0.0001
        await replica.take(asked)
    shared.gone = True

    assert replica.take_now(asked) is not None
    now[0] += 0.2
    assert replica.take_now(asked) is None
    with pytest.raises(StoreDown):
        await replica.take(asked)


async def test_a_refusal_is_repeated_without_a_question_until_units_come_back(shared: Watched) -> None:
    now = [0.0]
    replica, asked = LeasedStore(shared, now=lambda: now[0]), [check("2/hour")]
    answers = [(await replica.take(asked))[0].admitted for _ in range(40)]

    assert answers == [True, True, *[False] * 38]
    assert shared.questions == 3
    # Somebody may have reset the limit meanwhile.
    now[0] += 1.1
    assert not (await replica.take(asked))[0].admitted
    assert shared.questions == 4


async def test_a_repeated_refusal_still_tells_when_units_really_come_free(shared: Watched) -> None:
    now = [0.0]
    replica, asked = LeasedStore(shared, now=lambda: now[0]), [check("1/hour")]
    await replica.take(asked)
    first = (await replica.take(asked))[0].reset
    now[0] += 0.5
    (again,) = replica.take_now(asked) or ()
    (_, beside) = replica.take_now([*asked, *asked]) or ()

    assert first > 3590
    assert again.reset == beside.reset == pytest.approx(first - 0.5)

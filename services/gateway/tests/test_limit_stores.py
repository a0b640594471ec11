"""What a limit means, whichever store counts it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.clock import SystemClock
from chassis.lifecycle import spawn
from chassis.testing import FrozenClock
from gateway.limits.counts import Check, LimitStore
from gateway.limits.memory import MemoryStore
from gateway.limits.notation import Algorithm, Limit
from gateway.limits.redis import RedisStore
from gateway.limits.redis_address import RedisAddress

pytestmark = pytest.mark.alone

ALGORITHMS = [algorithm.value for algorithm in Algorithm]


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[LimitStore]:
    if request.param == "memory":
        yield MemoryStore(SystemClock())
        return
    async with AsyncExitStack() as stack:
        shared = RedisStore(RedisAddress.parse(request.getfixturevalue("valkey_url")), timeout=1)
        spawn(stack, shared.keep(), "store")
        await shared.connected.wait()
        yield shared


def check(text: str, key: str = "k", amount: int | None = None) -> Check:
    limit = Limit.parse(text)
    return Check(key, limit, amount or limit.amount)


@pytest.mark.parametrize("how", ALGORITHMS)
async def test_exactly_the_amount_is_admitted_and_told(store: LimitStore, how: str) -> None:
    counts = [(await store.take([check(f"3/hour {how}")]))[0] for _ in range(5)]

    assert [count.admitted for count in counts] == [True, True, True, False, False]
    assert [count.remaining for count in counts] == [2, 1, 0, 0, 0]
    assert all(0 < count.reset <= 3600 for count in counts)


@pytest.mark.parametrize("how", ALGORITHMS)
async def test_what_was_spent_comes_back_with_time(store: LimitStore, how: str) -> None:
    asked = [check(f"2/second {how}")]
    assert [(await store.take(asked))[0].admitted for _ in range(3)] == [True, True, False]

    began = time.monotonic()
    async with asyncio.timeout(3):
        while not (await store.take(asked))[0].admitted:
            await asyncio.sleep(0.02)
    # A bucket gives one back after half the period, the others after all of it.
    assert time.monotonic() - began > (0.3 if how == "bucket" else 0.8)


@pytest.mark.parametrize("how", ALGORITHMS)
async def test_a_refused_request_spends_nothing_of_its_other_limits(store: LimitStore, how: str) -> None:
    tight, wide = check(f"1/hour {how}", "tight"), check(f"9/hour {how}", "wide")

    assert [count.admitted for count in await store.take([tight, wide])] == [True, True]
    for _ in range(3):
        assert [count.admitted for count in await store.take([tight, wide])] == [False, True]
    assert (await store.take([wide]))[0].remaining == 7


@pytest.mark.parametrize("how", ALGORITHMS)
async def test_a_shadow_limit_counts_and_lets_pass(store: LimitStore, how: str) -> None:
    shadow, wide = check(f"1/hour {how} shadow", "shadow"), check(f"9/hour {how}", "wide")

    answers = [await store.take([shadow, wide]) for _ in range(3)]
    assert [counts[0].admitted for counts in answers] == [True, False, False]
    assert [counts[1].remaining for counts in answers] == [8, 7, 6]


@pytest.mark.parametrize("how", ALGORITHMS)
async def test_a_request_may_cost_more_than_one(store: LimitStore, how: str) -> None:
    asked = [check(f"10/hour {how} cost 4")]

    counts = [(await store.take(asked))[0] for _ in range(3)]
    assert [(count.admitted, count.remaining) for count in counts[:2]] == [(True, 6), (True, 2)]
    assert not counts[2].admitted


@pytest.mark.parametrize("how", ALGORITHMS)
async def test_never_more_than_the_amount_when_everybody_asks_at_once(store: LimitStore, how: str) -> None:
    asked = [check(f"50/hour {how}")]

    counts = await asyncio.gather(*(store.take(asked) for _ in range(200)))
    assert sum(answer[0].admitted for answer in counts) == 50


async def test_a_bucket_gives_its_burst_at_once(store: LimitStore) -> None:
    asked = [check("60/hour bucket burst 5")]

    assert [(await store.take(asked))[0].admitted for _ in range(7)] == [True] * 5 + [False] * 2
    assert 0 < (await store.take(asked))[0].reset <= 60


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    amount=st.integers(1, 5),
    steps=st.lists(st.tuples(st.floats(0, 7), st.integers(1, 2)), min_size=1, max_size=60),
)
def test_no_window_of_the_period_ever_has_more_than_a_moving_limit_admits(
    amount: int, steps: list[tuple[float, int]]
) -> None:
    clock = FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))
    store = MemoryStore(clock)
    admitted: list[float] = []
    for wait, cost in steps:
        clock.advance(wait)
        limit = Limit.parse(f"{amount}/10 second cost {min(cost, amount)}")
        if store.take_now([Check("k", limit, amount)])[0].admitted:
            admitted += [clock.monotonic()] * limit.cost
    for start in admitted:
        assert sum(start <= at < start + 10 for at in admitted) <= amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "five/minute",
        "5",
        "0/minute",
        "5/fortnight",
        "5/minute by colour",
        "5/minute cost 6",
        "5/minute fast",
    ],
)
def test_what_is_no_limit_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"limit|cost|admits"):
        Limit.parse(text)


def test_a_limit_is_told_in_one_line() -> None:
    limit = Limit.parse("100/10 seconds bucket burst 20 by user cost 2 shadow admin=1000")

    assert (limit.amount, limit.period, limit.burst, limit.cost) == (100, 10, 20, 2)
    assert (limit.algorithm, limit.key, limit.shadow) == ("bucket", "user", True)
    assert (limit.amount_for("admin"), limit.amount_for("user")) == (1000, 100)

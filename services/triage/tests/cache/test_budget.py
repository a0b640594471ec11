"""What the model may cost in a day is reserved before, settled after, and bounded for all replicas."""

from contextlib import AsyncExitStack

from chassis.clock import SystemClock
from chassis.testing import FrozenClock
from suite.servers import ValkeyServer
from triage.cache.budget import Bounds, Budget
from triage.cache.shared import SharedStore
from triage.domain.budget import Prices

BOUNDS = Bounds(tokens=1000, tokens_per_user=600, cost=0)


def alone(bounds: Bounds = BOUNDS, prices: Prices = Prices(), clock: FrozenClock | None = None) -> Budget:  # noqa: B008  # frozen
    return Budget(bounds, prices, clock or FrozenClock(), None)


async def test_a_reservation_counts_until_it_is_settled() -> None:
    budget = alone()
    first = await budget.reserve("ada", 400, 100)
    assert first is not None
    assert await budget.reserve("ada", 100, 100) is None

    await budget.settle(first, 50, 50)
    assert await budget.reserve("ada", 400, 100) is not None


async def test_one_user_cannot_spend_everything() -> None:
    budget = alone()
    assert await budget.reserve("ada", 600, 0) is not None
    assert await budget.reserve("ada", 1, 0) is None
    assert await budget.reserve("eve", 400, 0) is not None
    assert await budget.reserve("eve", 1, 0) is None, "all users together are bounded too"


async def test_what_was_refused_took_nothing() -> None:
    budget = alone()
    assert await budget.reserve("ada", 601, 0) is None
    assert await budget.reserve("ada", 600, 0) is not None


async def test_a_new_day_is_a_new_budget() -> None:
    clock = FrozenClock()
    budget = alone(clock=clock)
    assert await budget.reserve("ada", 600, 0) is not None
    assert await budget.reserve("ada", 600, 0) is None
    clock.advance(86_400)
    assert await budget.reserve("ada", 600, 0) is not None
    assert len(budget._local) == 3, "yesterday's counts are not kept for ever"


async def test_money_is_bounded_by_the_prices() -> None:
    budget = alone(Bounds(tokens=0, tokens_per_user=0, cost=0.01), Prices(input=1.0, output=10.0))
    assert await budget.reserve("ada", 5000, 500) is not None
    assert await budget.reserve("ada", 100, 0) is None


async def test_replicas_spend_one_budget(valkey_url: str) -> None:
    async with AsyncExitStack() as stack:
        one, other = (
            Budget(BOUNDS, Prices(), SystemClock(), SharedStore(stack, valkey_url, SystemClock(), seconds=10))
            for _ in range(2)
        )
        first = await one.reserve("ada", 600, 0)
        assert first is not None
        assert await other.reserve("ada", 100, 0) is None

        await one.settle(first, 100, 0)
        assert await other.reserve("ada", 500, 0) is not None


async def test_without_redis_a_replica_counts_for_itself(own_valkey: ValkeyServer) -> None:
    async with AsyncExitStack() as stack:
        shared = SharedStore(stack, own_valkey.url(), SystemClock())
        own_valkey.pause()
        try:
            budget = Budget(BOUNDS, Prices(), SystemClock(), shared)
            assert await budget.reserve("ada", 600, 0) is not None
            assert await budget.reserve("ada", 600, 0) is None
        finally:
            own_valkey.resume()

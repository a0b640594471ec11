"""One throttle over every place that counts."""

from collections.abc import AsyncIterator, Callable

import pytest

from auth.domain.throttle.devices import DeviceTokens
from auth.domain.throttle.ledger import Ledger, LocalLedger
from auth.domain.throttle.sign_in import SignInThrottle
from auth.storage.throttle_redis import RedisLedger
from chassis.testing import FrozenClock

ThrottleOver = Callable[[Ledger, FrozenClock], SignInThrottle]


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture(params=["in memory", "in Redis"])
async def ledger(request: pytest.FixtureRequest) -> AsyncIterator[Ledger]:
    if request.param == "in memory":
        yield LocalLedger()
        return
    # Patient: what is tested here is what it counts, on a machine that may be busy.
    async with RedisLedger.connect(request.getfixturevalue("valkey_url"), patience=5.0) as shared:
        yield shared


@pytest.fixture
def throttles() -> ThrottleOver:
    return _throttle_over


@pytest.fixture
def throttle(ledger: Ledger, clock: FrozenClock) -> SignInThrottle:
    return _throttle_over(ledger, clock)


def _throttle_over(ledger: Ledger, clock: FrozenClock) -> SignInThrottle:
    return SignInThrottle(
        ledger=ledger,
        key=b"n" * 32,
        devices=DeviceTokens(keys=(b"d" * 32,)),
        clock=clock,
        key_prefix="test:",
    )

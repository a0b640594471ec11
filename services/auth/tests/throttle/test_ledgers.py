"""Redis and this process count by one rule."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis import Redis

from auth.domain.throttle.backoff import Backoff, Claim
from auth.domain.throttle.ledger import LocalLedger
from auth.storage.throttle_redis import RedisLedger

RULES = {
    "a": Backoff(free=2, first=1, cap=60, fade=30),
    "b": Backoff(free=5, first=0.5, cap=8, fade=7),
    "c": Backoff(free=0, first=3, cap=1000, fade=100),
}
CLAIMS = {name: Claim(f"test:{name}", rule, forgiven_by_success=name == "a") for name, rule in RULES.items()}

steps = st.tuples(
    st.sampled_from(["try", "try", "try", "success", "abandon"]),
    st.lists(st.sampled_from(sorted(CLAIMS)), min_size=1, max_size=3, unique=True),
    st.sampled_from([0.0, 0.0, 0.25, 1.0, 3.5, 40.0, 500.0, -2.0]),
)


async def both(url: str, sequence: Sequence[tuple[str, list[str], float]]) -> None:
    local, now = LocalLedger(), 1_767_225_600.0
    async with RedisLedger.connect(url, patience=5.0) as shared:
        for what, names, later in sequence:
            now += later
            claims = [CLAIMS[name] for name in names]
            if what == "try":
                one, _ = await local.reserve(claims, now=now)
                other, _ = await shared.reserve(claims, now=now)
                assert one == pytest.approx(other, abs=1e-4)
            else:
                await local.settle(claims, succeeded=what == "success")
                await shared.settle(claims, succeeded=what == "success")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=30))
@example([("try", ["a"], 0.0), ("try", ["a"], -2.0), ("try", ["a"], 1.0), ("try", ["a"], 1.0)])
def test_both_say_the_same_at_every_step(
    valkey_url: str, sequence: list[tuple[str, list[str], float]]
) -> None:
    with Redis.from_url(valkey_url) as client:
        client.flushdb()
    asyncio.run(both(valkey_url, sequence))


async def test_memory_is_bounded_and_what_was_used_longest_ago_goes_first() -> None:
    ledger = LocalLedger(capacity=3)
    rule = Backoff(free=2, first=10, cap=10, fade=100)
    claims = {name: [Claim(name, rule, forgiven_by_success=True)] for name in ("a", "b", "c", "d")}
    for name in ("a", "b", "c", "a", "d", "d"):
        await ledger.reserve(claims[name], now=0.0)

    assert len(ledger._buckets) == 3
    assert (await ledger.reserve(claims["a"], now=0.0))[0] == 10
    assert (await ledger.reserve(claims["d"], now=0.0))[0] == 10
    assert "b" not in ledger._buckets

"""The store of limits gone, hung or unwilling: the route's policy holds, and nobody waits for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from redis import Redis

from chassis.clock import SystemClock
from chassis.lifecycle import spawn
from gateway.limits.counts import StoreDown
from gateway.limits.limiter import Limiter, Subject
from gateway.limits.memory import MemoryStore
from gateway.limits.notation import Limit
from gateway.limits.redis import RedisStore
from gateway.limits.redis_address import RedisAddress
from gateway.policy import OnStoreFailure, RoutePolicy
from gateway.telemetry import LimitMetrics
from gateway.testing.whole import GatewayFactory
from suite.valkey import Valkey

pytestmark = pytest.mark.alone

TIMEOUT = 0.035
Break = Callable[["Valkey"], None]


def stopped(server: Valkey) -> None:
    server.kill()


def hung(server: Valkey) -> None:
    server.pause()


def read_only(server: Valkey) -> None:
    with Redis.from_url(server.url()) as admin:
        admin.replicaof("127.0.0.1", "1")


def wrong_password(server: Valkey) -> None:
    with Redis.from_url(server.url()) as admin:
        admin.config_set("requirepass", "changed-meanwhile")
        admin.client_kill_filter(_type="normal", skipme=True)


def out_of_memory(server: Valkey) -> None:
    with Redis.from_url(server.url()) as admin:
        admin.config_set("maxmemory", "1")


BREAKS = [stopped, hung, read_only, wrong_password, out_of_memory]


@pytest.fixture
async def shared(own_valkey: Valkey) -> AsyncIterator[RedisStore]:
    async with AsyncExitStack() as stack:
        store = RedisStore(RedisAddress.parse(own_valkey.url()), timeout=TIMEOUT)
        spawn(stack, store.keep(), "store")
        await store.connected.wait()
        yield store


def limiter(store: RedisStore, *, replicas: int = 1) -> Limiter:
    return Limiter(
        store,
        MemoryStore(SystemClock()),
        prefix="t",
        replicas=lambda: replicas,
        always_local=False,
        legacy_headers=False,
        metrics=LimitMetrics(),
    )


def policy(on_store_failure: OnStoreFailure, limit: str = "4/hour") -> RoutePolicy:
    return RoutePolicy(
        name="r",
        methods=frozenset({"GET"}),
        limits=(Limit.parse(limit),),
        on_store_failure=on_store_failure,
    )


@pytest.mark.parametrize("broken", BREAKS)
async def test_each_policy_holds_at_once_however_the_store_fails(
    shared: RedisStore, own_valkey: Valkey, broken: Break
) -> None:
    counting = limiter(shared, replicas=2)
    await asyncio.to_thread(broken, own_valkey)

    async def statuses(how: OnStoreFailure) -> list[int]:
        route = policy(how)
        taken = [await counting.take(route, route.limits, Subject("192.0.2.1", "t")) for _ in range(4)]
        return [200 if answer.problem is None else answer.problem.status for answer in taken]

    worst = 0.0
    expected = {
        OnStoreFailure.OPEN: [200, 200, 200, 200],
        OnStoreFailure.CLOSED: [503, 503, 503, 503],
        # Two replicas, so half of the four each.
        OnStoreFailure.LOCAL: [200, 200, 429, 429],
    }
    for how, statuses_of in expected.items():
        began = time.perf_counter()
        assert await statuses(how) == statuses_of
        worst = max(worst, time.perf_counter() - began)
    # All four together: only the first request of a hang waits at all.
    assert worst < 0.15


async def test_a_hang_costs_the_first_caller_the_timeout_and_the_next_ones_nothing(
    shared: RedisStore, own_valkey: Valkey
) -> None:
    counting, route = limiter(shared), policy(OnStoreFailure.OPEN)
    subject = Subject("192.0.2.1", "t")
    own_valkey.pause()
    waits = []
    for _ in range(50):
        began = time.perf_counter()
        await counting.take(route, route.limits, subject)
        waits.append(time.perf_counter() - began)

    assert sorted(waits)[-2] < 0.02
    assert max(waits) < 2 * TIMEOUT


async def test_a_store_that_comes_back_counts_again(shared: RedisStore, own_valkey: Valkey) -> None:
    counting, route = limiter(shared), policy(OnStoreFailure.CLOSED)
    subject = Subject("192.0.2.1", "t")
    own_valkey.kill()
    async with asyncio.timeout(2):
        while (await counting.take(route, route.limits, subject)).problem is None:
            await asyncio.sleep(0.01)
    await asyncio.to_thread(own_valkey.start)
    async with asyncio.timeout(5):
        while (await counting.take(route, route.limits, subject)).problem is not None:
            await asyncio.sleep(0.01)


async def test_scripts_that_were_flushed_are_brought_back(shared: RedisStore, own_valkey: Valkey) -> None:
    with Redis.from_url(own_valkey.url()) as admin:
        admin.script_flush()
    counting, route = limiter(shared), policy(OnStoreFailure.CLOSED, "1/hour")
    subject = Subject("192.0.2.1", "t")

    assert (await counting.take(route, route.limits, subject)).problem is None
    assert (await counting.take(route, route.limits, subject)).problem is not None


async def test_a_cancelled_question_never_shifts_the_answers_of_others(shared: RedisStore) -> None:
    counting = limiter(shared)
    routes = [policy(OnStoreFailure.CLOSED, f"{amount}/hour") for amount in range(10, 40)]

    async def ask(route: RoutePolicy, caller: int) -> tuple[int, str]:
        taken = await counting.take(route, route.limits, Subject(f"192.0.2.{caller}", "t"))
        return route.limits[0].amount, dict(taken.headers)[b"ratelimit"].decode()

    for attempt in range(20):
        tasks = [asyncio.create_task(ask(route, attempt)) for route in routes]
        await asyncio.sleep(0)
        for task in tasks[::3]:
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        kept = [answer for answer in answers if isinstance(answer, tuple)]
        assert len(kept) == 20
        for amount, told in kept:
            assert f";r={amount - 1};" in told


async def test_a_password_and_a_database_are_used(own_valkey: Valkey) -> None:
    with Redis.from_url(own_valkey.url()) as admin:
        admin.config_set("requirepass", "s3cret:/@")
    uri = f"redis://:s3cret%3A%2F%40@127.0.0.1:{own_valkey.port}/3"
    async with AsyncExitStack() as stack:
        store = RedisStore(RedisAddress.parse(uri), timeout=1)
        spawn(stack, store.keep(), "store")
        await store.connected.wait()
        counting, route = limiter(store), policy(OnStoreFailure.CLOSED)
        assert (await counting.take(route, route.limits, Subject("192.0.2.1", "t"))).problem is None
    with Redis.from_url(uri) as admin:
        assert admin.keys("t:*") == [b"t:limit:r:moving:4/3600:address:192.0.2.1"]
        admin.config_set("requirepass", "")


async def test_a_store_that_was_never_there_is_down_at_once() -> None:
    store = RedisStore(RedisAddress.parse("redis://127.0.0.1:1"), timeout=1)
    began = time.perf_counter()
    with pytest.raises(StoreDown):
        await store.take([])
    assert time.perf_counter() - began < 0.05


@pytest.mark.parametrize("broken", [stopped, hung])
async def test_traffic_and_liveness_do_not_notice(
    start: GatewayFactory, own_valkey: Valkey, auth: object, broken: Break
) -> None:
    gateway = await start(RATE_LIMIT_STORAGE_URI=own_valkey.url())
    token = auth.signer.token()  # type: ignore[attr-defined]
    assert (await gateway.ask("GET", "/protected", token=token)).status == 200
    await asyncio.to_thread(broken, own_valkey)

    for _ in range(20):
        for ask in (gateway.ask("GET", "/protected", token=token), gateway.probe("/livez")):
            began = time.perf_counter()
            assert (await ask).status == 200
            assert time.perf_counter() - began < 0.1

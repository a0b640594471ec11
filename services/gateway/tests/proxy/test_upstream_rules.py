"""Rules of what stands before an upstream: breaker, bulkhead, retry budget, balance, routes, identity."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.security.tokens import Principal
from chassis.testing import FrozenClock
from gateway.policy import RoutePolicy
from gateway.proxy.balance import Balance, Balancer, Ejection
from gateway.proxy.breaker import Breaker
from gateway.proxy.budget import RetryBudget
from gateway.proxy.bulkhead import Bulkhead, Full
from gateway.proxy.identity import Signer
from gateway.proxy.pool import Address, Pool
from gateway.proxy.route import Route
from gateway.proxy.table import RouteTable


def breaker_at(clock: FrozenClock, states: list[str]) -> Breaker:
    return Breaker("b", failures=3, open_seconds=10, now=clock.monotonic, changed=states.append)


def failing(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        permit = breaker.permit()
        assert permit is not None
        permit.failed()


def test_a_breaker_opens_after_failures_in_a_row_only():
    breaker = breaker_at(FrozenClock(), states := [])
    failing(breaker, 2)
    permit = breaker.permit()
    assert permit is not None
    permit.succeeded()
    failing(breaker, 2)
    assert breaker.state == "closed"
    failing(breaker, 1)
    assert states == ["open"]
    assert breaker.permit() is None


def test_one_trial_closes_or_reopens():
    clock = FrozenClock()
    breaker = breaker_at(clock, states := [])
    failing(breaker, 3)
    clock.advance(10)
    trial = breaker.permit()
    assert trial is not None
    assert trial.trial
    assert breaker.permit() is None
    trial.failed()
    assert breaker.permit() is None
    assert breaker.retry_after() == 10
    clock.advance(10)
    trial = breaker.permit()
    assert trial is not None
    trial.succeeded()
    assert breaker.permit() is not None
    assert states == ["open", "half-open", "open", "half-open", "closed"]


def test_an_abandoned_trial_leaves_the_trial_to_the_next():
    clock = FrozenClock()
    breaker = breaker_at(clock, [])
    failing(breaker, 3)
    clock.advance(10)
    trial = breaker.permit()
    assert trial is not None
    trial.release()
    again = breaker.permit()
    assert again is not None
    assert again.trial
    trial.failed()
    again.succeeded()
    assert breaker.state == "closed"


def test_what_was_let_in_earlier_says_nothing_later():
    clock = FrozenClock()
    breaker = breaker_at(clock, [])
    slow, slower = breaker.permit(), breaker.permit()
    assert slow is not None
    assert slower is not None
    failing(breaker, 3)
    slow.succeeded()
    assert breaker.state == "open"
    clock.advance(10)
    trial = breaker.permit()
    assert trial is not None
    slower.failed()
    assert breaker.state == "half-open"
    trial.succeeded()
    assert breaker.state == "closed"


async def test_a_place_is_never_lost_nor_made():
    bulkhead = Bulkhead(2, wait_seconds=5, max_waiting=50)
    inside = most = 0

    async def visit(number: int) -> None:
        nonlocal inside, most
        await bulkhead.enter()
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        bulkhead.leave()

    tasks = [asyncio.create_task(visit(number)) for number in range(40)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # Those cancelled inside left their places taken, as a holder that never leaves would.
    assert most == 2
    assert bulkhead.taken == sum(task.cancelled() for task in tasks[:2])


async def test_waiting_is_bounded_in_number_and_time():
    bulkhead = Bulkhead(1, wait_seconds=0.02, max_waiting=1)
    await bulkhead.enter()
    waiting = asyncio.create_task(bulkhead.enter())
    await asyncio.sleep(0)
    with pytest.raises(Full):
        await bulkhead.enter()
    with pytest.raises(Full):
        await waiting
    bulkhead.leave()
    await bulkhead.enter()
    assert bulkhead.taken == 1


@given(st.lists(st.sampled_from(["earn", "spend", "wait"]), max_size=300))
def test_retries_never_exceed_their_budget(steps: list[str]):
    clock = FrozenClock()
    budget = RetryBudget(ratio=0.2, per_second=1, now=clock.monotonic)
    earned = spent = waited = 0
    for step in steps:
        if step == "earn":
            budget.earn()
            earned += 1
        elif step == "wait":
            clock.advance(1)
            waited += 1
        elif budget.spend():
            spent += 1
    assert spent <= 10 + earned * 0.2 + waited + 1e-6


def balancer_of(count: int, clock: FrozenClock, how: Balance = Balance.ROUND_ROBIN) -> Balancer:
    def pool(address: Address) -> Pool:
        return Pool(address, tls=None, connect_timeout=1, idle_seconds=1, max_idle=1)

    balancer = Balancer(how=how, ejection=Ejection(failures=2, seconds=10), now=clock.monotonic, pool=pool)
    balancer.update([Address("127.0.0.1", port, b"") for port in range(count)])
    return balancer


def test_never_more_than_the_share_is_left_alone():
    clock = FrozenClock()
    balancer = balancer_of(4, clock)
    ejected = [balancer.failed(endpoint) for endpoint in balancer.endpoints for _ in range(2)]
    assert ejected.count(True) == 2
    assert len({balancer.pick() for _ in range(8)}) == 2


def test_an_ejection_doubles_until_the_endpoint_is_well():
    clock = FrozenClock()
    balancer = balancer_of(2, clock)
    sick = balancer.endpoints[0]
    for length in (10, 20, 40):
        balancer.failed(sick)
        assert balancer.failed(sick)
        clock.advance(length - 1)
        assert sick not in {balancer.pick() for _ in range(4)}
        clock.advance(1)
        assert sick in {balancer.pick() for _ in range(4)}
    balancer.succeeded(sick)
    assert sick.ejections == 0


def test_endpoints_that_stay_keep_their_health():
    balancer = balancer_of(3, FrozenClock())
    kept = balancer.endpoints[1]
    balancer.update([Address("127.0.0.1", 1, b""), Address("127.0.0.1", 9, b"")])
    assert balancer.endpoints[0] is kept
    assert len(balancer.endpoints) == 2


def route(name: str, prefix: str, *methods: str, exact: bool = False) -> Route:
    return Route(policy=RoutePolicy(name=name, methods=frozenset(methods)), prefix=prefix, exact=exact)


def test_the_longest_prefix_by_whole_segments_decides():
    table = RouteTable(
        [
            route("all", "", "GET"),
            route("a", "/a", "GET"),
            route("ab", "/a/b", "GET"),
            route("write", "/a", "POST"),
            route("one", "/one", "GET", exact=True),
        ]
    )
    found = {
        path: table.match(method, path)
        for method, path in [
            ("GET", "/"), ("GET", "/a"), ("GET", "/a/"), ("GET", "/ab"), ("GET", "/a/b/c"), ("HEAD", "/a/x"),
            ("POST", "/a/y"), ("PUT", "/a/z"), ("GET", "/one"), ("GET", "/one/two"),
        ]
    }  # fmt: skip
    assert {path: found.name for path, found in found.items() if found is not None} == {
        "/": "all", "/a": "a", "/a/": "a", "/ab": "all", "/a/b/c": "ab", "/a/x": "a", "/a/y": "write",
        "/a/z": "a", "/one": "one", "/one/two": "all",
    }  # fmt: skip


def test_identity_is_fresh_and_of_one_upstream():
    clock = FrozenClock()
    signer = Signer(b"s" * 32, issuer="i", now=lambda: clock.now().timestamp())
    who = Principal("s\u00fcb", "sid", "jti", "user", "\u00e9va\r\n", "c", 0, 1)
    first = signer.headers(who, "a", prove=True)
    assert dict(first)[b"x-auth-subject"] == b"s%C3%BCb"
    assert dict(first)[b"x-auth-username"] == b"%C3%A9va%0D%0A"
    assert signer.headers(who, "a", prove=True) is first
    assert signer.headers(who, "b", prove=True) != first
    assert b"x-auth-assertion" not in dict(signer.headers(who, "a", prove=False))
    clock.advance(21)
    assert signer.headers(who, "a", prove=True) != first

"""What the ring of the gateway's own routes counts with."""

import threading

from limits import parse
from limits.strategies import FixedWindowRateLimiter

from chassis.testing import FrozenClock
from gateway.limits.local_ring import local_ring
from gateway.limits.ring_counts import RingCounts


def test_a_window_ends_when_its_seconds_are_over_and_another_begins():
    clock = FrozenClock()
    ring, twice = FixedWindowRateLimiter(RingCounts(clock=clock)), parse("2 per 10 second")

    assert [ring.hit(twice, "ada") for _ in range(3)] == [True, True, False]
    clock.advance(9.9)
    assert not ring.hit(twice, "ada")
    assert ring.hit(twice, "bob")
    clock.advance(0.1)
    assert [ring.hit(twice, "ada") for _ in range(3)] == [True, True, False]


def test_windows_that_ended_and_those_past_the_bound_are_forgotten():
    clock = FrozenClock()
    counts = RingCounts(clock=clock)

    for key in range(100_001):
        counts.incr(f"scan-{key}", 60)
    assert counts.get("scan-0") == 0
    assert counts.get("scan-1") == 1
    clock.advance(60)
    counts.incr("ada", 60)
    assert counts.reset() == 1


def test_being_asked_starts_no_thread():
    before = set(threading.enumerate())
    ring = local_ring(enabled=True)

    assert ring.limiter.hit(parse("2 per 10 second"), "ada")
    assert set(threading.enumerate()) <= before

"""The breaker counts failures, lets one call try, and learns nothing from what says nothing."""

import pytest

from chassis.testing import FrozenClock
from triage.llm.breaker import ModelBreaker, Permit


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def breaker(clock: FrozenClock) -> ModelBreaker:
    return ModelBreaker(fail_max=3, reset_seconds=30, clock=clock)


def admitted(breaker: ModelBreaker) -> Permit:
    permit = breaker.admit()
    assert permit is not None
    return permit


def opened(breaker: ModelBreaker) -> None:
    for _ in range(3):
        admitted(breaker).failed()
    assert breaker.state == "open"


def test_it_opens_after_as_many_failures_in_a_row_and_not_before(breaker: ModelBreaker) -> None:
    admitted(breaker).failed()
    admitted(breaker).failed()
    admitted(breaker).succeeded()
    admitted(breaker).failed()
    admitted(breaker).failed()
    assert breaker.state == "closed"

    admitted(breaker).failed()
    assert breaker.state == "open"
    assert breaker.admit() is None


def test_after_its_time_one_call_tries_and_the_others_do_not(
    breaker: ModelBreaker, clock: FrozenClock
) -> None:
    opened(breaker)
    clock.advance(29.9)
    assert breaker.admit() is None

    clock.advance(0.2)
    trial = admitted(breaker)
    assert trial.trial
    assert breaker.admit() is None

    trial.succeeded()
    assert breaker.state == "closed"
    assert not admitted(breaker).trial


def test_a_trial_that_fails_opens_it_for_the_whole_time_again(
    breaker: ModelBreaker, clock: FrozenClock
) -> None:
    opened(breaker)
    clock.advance(31)
    admitted(breaker).failed()

    assert breaker.state == "open"
    clock.advance(29)
    assert breaker.admit() is None
    clock.advance(2)
    admitted(breaker).succeeded()
    assert breaker.state == "closed"


def test_a_trial_that_was_cancelled_leaves_the_next_caller_to_try_at_once(
    breaker: ModelBreaker, clock: FrozenClock
) -> None:
    opened(breaker)
    clock.advance(31)
    admitted(breaker).proved_nothing()

    assert breaker.state == "open"
    assert admitted(breaker).trial


def test_what_proves_nothing_neither_opens_nor_forgets(breaker: ModelBreaker) -> None:
    admitted(breaker).failed()
    admitted(breaker).failed()
    for _ in range(10):
        admitted(breaker).proved_nothing()
    assert breaker.state == "closed"

    admitted(breaker).failed()
    assert breaker.state == "open"


def test_a_straggler_from_before_it_opened_is_old_news(breaker: ModelBreaker, clock: FrozenClock) -> None:
    straggler, late_success = admitted(breaker), admitted(breaker)
    opened(breaker)
    clock.advance(31)

    straggler.failed()
    late_success.succeeded()

    assert breaker.state == "open"
    assert admitted(breaker).trial

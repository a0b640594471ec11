"""When keys change: never before the next one was published long enough, always when they are old."""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from auth.domain.signing_keys import (
    NotPublishedLongEnough,
    Plan,
    RotationPolicy,
    SigningKey,
    due,
    on_command,
    start_over,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = RotationPolicy(
    algorithm="EdDSA",
    lifetime=timedelta(days=30),
    publish_ahead=timedelta(minutes=5),
    keep=timedelta(minutes=17),
)


def active(age: timedelta, algorithm: str = "EdDSA") -> SigningKey:
    return SigningKey("a", algorithm, "active", NOW - age, activated_at=NOW - age)


def following(age: timedelta, algorithm: str = "EdDSA") -> SigningKey:
    return SigningKey("n", algorithm, "next", NOW - age)


def test_the_first_start_makes_a_key_to_sign_with_and_one_to_follow():
    assert due([], POLICY, NOW) == Plan(make=("active", "next"))


def test_nothing_is_due_while_the_active_key_is_young():
    assert not due([active(timedelta(days=29)), following(timedelta(days=29))], POLICY, NOW)


def test_an_old_key_gives_way():
    plan = due([active(timedelta(days=30)), following(timedelta(days=30))], POLICY, NOW)

    assert plan == Plan(retire="a", activate="n", make=("next",))


@given(st.timedeltas(timedelta(0), timedelta(days=90)), st.timedeltas(timedelta(0), timedelta(days=90)))
def test_no_key_signs_that_was_not_published_long_enough(old: timedelta, young: timedelta):
    plan = due([active(old), following(young)], POLICY, NOW)

    assert (plan.activate is not None) == (old >= POLICY.lifetime and young >= POLICY.publish_ahead)


def test_another_algorithm_is_published_first_and_then_takes_over():
    keys = [active(timedelta(hours=1), "RS256"), following(timedelta(hours=1), "RS256")]
    assert due(keys, POLICY, NOW) == Plan(forget=("n",), make=("next",))

    keys = [active(timedelta(hours=1), "RS256"), following(timedelta(minutes=1))]
    assert not due(keys, POLICY, NOW)

    keys = [active(timedelta(hours=1), "RS256"), following(timedelta(minutes=5))]
    assert due(keys, POLICY, NOW) == Plan(retire="a", activate="n", make=("next",))


def test_a_retired_key_is_forgotten_when_its_last_token_has_expired():
    retired = SigningKey("r", "EdDSA", "retired", NOW, expires_at=NOW)
    kept = SigningKey("k", "EdDSA", "retired", NOW, expires_at=NOW + timedelta(seconds=1))
    young = [active(timedelta(0)), following(timedelta(0))]

    assert due([*young, retired, kept], POLICY, NOW) == Plan(forget=("r",))


def test_a_command_waits_for_the_next_key_to_be_seen_unless_forced():
    keys = [active(timedelta(hours=1)), following(timedelta(minutes=4))]

    with pytest.raises(NotPublishedLongEnough):
        on_command(keys, POLICY, NOW, force=False)
    assert on_command(keys, POLICY, NOW, force=True).activate == "n"


def test_a_new_start_keeps_the_old_key_to_verify_with():
    assert start_over([active(timedelta(0)), following(timedelta(0))]) == Plan(
        forget=("n",), retire="a", make=("active", "next")
    )

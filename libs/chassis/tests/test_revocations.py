import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Unavailable
from chassis.security.revocations import START, Batch, Kind, Position, Revocation, RevocationList, follow
from chassis.security.tokens import Principal
from chassis.testing import FrozenClock

CLOCK = FrozenClock()
NOW = int(CLOCK.now().timestamp())
WHO = Principal("u", "s", "t", "user", "ada", "reliability", NOW - 10, NOW + 900)


def revocation(
    kind: Kind, subject: str, *, version: int = 1, not_before: float = 0, lives: float = 900
) -> Revocation:
    return Revocation(version, kind, subject, not_before, NOW + lives)


def batch(*revocations: Revocation, version: int = 1, complete: bool = True, as_of: float = NOW) -> Batch:
    return Batch(revocations, version, complete, as_of)


@pytest.mark.parametrize(
    ("kind", "subject"), [(Kind.TOKEN, "t"), (Kind.SESSION, "s"), (Kind.USER_NOT_BEFORE, "u")]
)
async def test_each_kind_refuses_exactly_what_it_names(kind: Kind, subject: str) -> None:
    known = RevocationList(FrozenClock())
    known.apply(batch(revocation(kind, subject, not_before=NOW)))
    assert known.is_revoked(WHO)
    assert not known.is_revoked(replace(WHO, sub="u2", sid="s2", jti="t2"))


async def test_a_cut_spares_tokens_dated_after_it_and_refuses_its_own_second() -> None:
    known = RevocationList(FrozenClock())
    known.apply(batch(revocation(Kind.USER_NOT_BEFORE, "u", not_before=NOW + 0.5)))
    assert known.is_revoked(replace(WHO, issued_at=NOW))
    assert not known.is_revoked(replace(WHO, issued_at=NOW + 1))


async def test_an_earlier_cut_never_moves_a_later_one_back() -> None:
    known = RevocationList(FrozenClock())
    known.apply(batch(revocation(Kind.USER_NOT_BEFORE, "u", not_before=NOW)))
    known.apply(batch(revocation(Kind.USER_NOT_BEFORE, "u", not_before=NOW - 100)))
    assert known.is_revoked(WHO)


async def test_what_has_expired_is_forgotten_and_nothing_before() -> None:
    clock = FrozenClock()
    known = RevocationList(clock)
    known.apply(batch(revocation(Kind.TOKEN, "t", lives=60), revocation(Kind.SESSION, "s", lives=600)))
    clock.advance(64)
    known.apply(batch())
    assert len(known) == 2
    clock.advance(2)
    known.apply(batch())
    assert len(known) == 1


async def test_staleness_is_infinite_before_the_first_snapshot_and_then_counts() -> None:
    clock = FrozenClock()
    known = RevocationList(clock)
    known.apply(batch(complete=False))
    assert known.staleness() == float("inf")
    known.apply(batch())
    clock.advance(3)
    assert known.staleness() == 3


async def test_a_clock_ahead_of_ours_never_makes_us_fresher_than_now() -> None:
    clock = FrozenClock()
    known = RevocationList(clock)
    known.apply(batch(as_of=NOW + 3600))
    clock.advance(5)
    assert known.staleness() == 5


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Kind)), st.sampled_from("abc"), st.integers(-50, 50), st.integers(1, 100)
        ),
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_and_repetition_of_batches_change_nothing(
    made: list[tuple[Kind, str, int, int]], random: object
) -> None:
    async def outcome(order: list[Revocation]) -> list[bool]:
        known = RevocationList(FrozenClock())
        for one in order:
            known.apply(batch(one))
        return [
            known.is_revoked(replace(WHO, sub=sub, sid=sid, jti=jti))
            for sub in "abc"
            for sid in "abc"
            for jti in "abc"
        ]

    revocations = [revocation(kind, s, not_before=NOW + cut, lives=lives) for kind, s, cut, lives in made]
    shuffled = revocations * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert asyncio.run(outcome(revocations)) == asyncio.run(outcome(shuffled))


async def test_a_lost_stream_is_reopened_where_it_ended() -> None:
    known = RevocationList(FrozenClock())
    opened: list[Position] = []
    done = asyncio.Event()
    four = replace(revocation(Kind.TOKEN, "f", version=4), created_at=NOW + 0.25)

    async def stream(after: Position) -> AsyncIterator[Batch]:
        opened.append(after)
        if len(opened) == 1:
            yield batch(four, version=4)
            yield batch(version=4)
            raise Unavailable
        if len(opened) == 2:
            raise Unavailable
        yield batch(revocation(Kind.TOKEN, "t", version=5), version=5)
        done.set()

    following = asyncio.create_task(follow(known, stream))
    await asyncio.wait_for(done.wait(), 5)
    following.cancel()
    assert opened == [START, four.position, four.position]
    assert known.position == Position(5, 0)


async def test_a_version_whose_revocation_was_not_told_is_not_where_to_go_on_from() -> None:
    known = RevocationList(FrozenClock())
    known.apply(batch(version=7))
    assert known.position == START


async def test_a_history_that_went_back_is_followed_back() -> None:
    known = RevocationList(FrozenClock())
    before, after = (revocation(Kind.TOKEN, name, version=version) for name, version in (("b", 9), ("t", 2)))
    known.apply(batch(before, version=9))
    known.apply(batch(after, version=2))
    assert known.position.version == 2
    assert known.is_revoked(WHO)
    assert known.is_revoked(replace(WHO, jti="b"))


async def test_news_is_what_a_whole_list_did_not_know_yet() -> None:
    known = RevocationList(FrozenClock())
    one, two, three = (revocation(Kind.TOKEN, f"t{n}", version=n) for n in (1, 2, 3))

    assert list(known.apply(batch(one, version=1, complete=False))) == []
    assert list(known.apply(batch(two, version=2))) == []
    assert list(known.apply(batch(three, version=3, complete=False))) == [three]
    # Another snapshot, from a replica that has more to tell or from one that was restored.
    assert list(known.apply(batch(one, two, three, version=3))) == []


async def test_a_stream_that_broke_off_inside_its_snapshot_starts_over() -> None:
    known = RevocationList(FrozenClock())
    opened: list[Position] = []
    done = asyncio.Event()

    async def stream(after: Position) -> AsyncIterator[Batch]:
        opened.append(after)
        if len(opened) > 1:
            done.set()
        yield batch(version=9, complete=False)

    following = asyncio.create_task(follow(known, stream))
    await asyncio.wait_for(done.wait(), 5)
    following.cancel()
    assert opened == [START, START]

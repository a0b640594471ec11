"""The feed of revocations: whole, in order, from wherever a listener stopped."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest

from auth.domain.revocations import Numbered, Revocation
from auth.feed import RevocationFeed
from chassis.errors import Unavailable
from chassis.security.revocations import START, Batch, Position
from chassis.testing import FrozenClock


def numbered(feed_clock: FrozenClock, *versions: int) -> list[Numbered]:
    now = feed_clock.now()
    return [
        Numbered(
            each,
            Revocation.of_session(uuid.UUID(int=each), now=now, lifetime=timedelta(minutes=15)),
            now + timedelta(seconds=each),
        )
        for each in versions
    ]


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def feed(clock: FrozenClock) -> RevocationFeed:
    made = RevocationFeed(clock)
    made.add(numbered(clock, 3, 5, 9), as_of=clock.now().timestamp())
    return made


async def first(feed: RevocationFeed, after: int, made_at: int = 0) -> Batch:
    async with aclosing(feed.watch(Position(after, made_at))) as stream:
        return await anext(stream)


async def test_when_a_revocation_was_made_is_told(feed: RevocationFeed, clock: FrozenClock) -> None:
    told = (await first(feed, 0)).revocations

    assert [each.created_at - clock.now().timestamp() for each in told] == [3, 5, 9]


def versions(batch: Batch) -> list[int]:
    return [each.version for each in batch.revocations]


async def test_a_newcomer_gets_everything(feed: RevocationFeed):
    batch = await first(feed, 0)

    assert (versions(batch), batch.version, batch.snapshot_complete) == ([3, 5, 9], 9, True)


async def test_who_comes_back_gets_what_they_missed(feed: RevocationFeed):
    assert versions(await first(feed, 5)) == [9]
    assert versions(await first(feed, 9)) == []


async def test_who_knows_more_than_the_database_starts_again(feed: RevocationFeed):
    assert versions(await first(feed, 12)) == [3, 5, 9]


async def test_who_was_told_the_same_goes_on_from_there(feed: RevocationFeed):
    nine = (await first(feed, 0)).revocations[-1].position
    five = (await first(feed, 0)).revocations[-2].position

    assert versions(await first(feed, *nine)) == []
    assert versions(await first(feed, *five)) == [9]


@pytest.mark.parametrize("version", [5, 7, 9])
async def test_who_was_told_something_else_under_that_version_starts_again(
    feed: RevocationFeed, version: int
):
    assert versions(await first(feed, version, made_at=1)) == [3, 5, 9]


async def test_a_database_that_went_back_is_read_from_its_beginning(feed: RevocationFeed, clock: FrozenClock):
    nine = numbered(clock, 9)
    another_nine = [replace(nine[0], created_at=clock.now() + timedelta(seconds=30))]

    assert feed.goes_on_with(nine)
    assert not feed.goes_on_with(another_nine)
    assert not feed.goes_on_with([])


async def test_streams_are_told_all_of_it_when_the_database_went_back(
    feed: RevocationFeed, clock: FrozenClock
):
    async with aclosing(feed.watch(START)) as stream, asyncio.timeout(0.9):
        await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        feed.begin_anew()
        feed.add(numbered(clock, 3, 4), as_of=clock.now().timestamp())
        batch = await waiting

    assert (versions(batch), batch.version, batch.snapshot_complete) == ([3, 4], 4, True)


async def test_news_goes_out_at_once_and_once(feed: RevocationFeed, clock: FrozenClock):
    async with aclosing(feed.watch(Position(9))) as stream, asyncio.timeout(0.9):
        await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        feed.add(numbered(clock, 11), as_of=clock.now().timestamp())
        batch = await waiting

    assert (versions(batch), batch.snapshot_complete) == ([11], False)


async def test_a_long_list_comes_in_parts_and_only_the_last_says_it_is_whole(clock: FrozenClock):
    feed = RevocationFeed(clock)
    feed.add(numbered(clock, *range(1, 2502)), as_of=0)
    async with aclosing(feed.watch(START)) as stream:
        batches = [await anext(stream) for _ in range(3)]

    assert [each.snapshot_complete for each in batches] == [False, False, True]
    assert [each.version for each in batches] == [1000, 2000, 2501]
    assert sum(len(each.revocations) for each in batches) == 2501


async def test_nothing_is_promised_before_the_database_was_read(clock: FrozenClock):
    with pytest.raises(Unavailable):
        await first(RevocationFeed(clock), 0)


async def test_what_has_expired_is_not_told_to_newcomers(feed: RevocationFeed, clock: FrozenClock):
    clock.advance(3600)
    feed.add(numbered(clock, 12), as_of=clock.now().timestamp())

    assert versions(await first(feed, 0)) == [12]


async def test_streams_end_with_the_service(feed: RevocationFeed):
    async def rest(stream: AsyncIterator[Batch]) -> int:
        return len([batch async for batch in stream])

    listening = asyncio.ensure_future(rest(feed.watch(START)))
    await asyncio.sleep(0)
    feed.close()

    async with asyncio.timeout(0.9):
        assert await listening == 1

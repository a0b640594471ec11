import asyncio

import pytest

from chassis.errors import Unavailable
from chassis.security.keyring import FetchedKeys, VerifierKeys
from chassis.security.keyset import KeySet, VerifyingKey
from chassis.testing import FrozenClock


class Source:
    def __init__(self, *kids: str) -> None:
        self.kids = kids
        self.down = False
        self.asked = 0
        self.was_asked = asyncio.Event()
        self.answer = asyncio.Event()
        self.answer.set()

    async def __call__(self) -> FetchedKeys:
        self.asked += 1
        self.was_asked.set()
        await self.answer.wait()
        if self.down:
            raise Unavailable
        return FetchedKeys(KeySet({kid: VerifyingKey(kid, "EdDSA", None) for kid in self.kids}), max_age=300)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


async def test_a_new_kid_is_fetched_once_whoever_asks(clock: FrozenClock) -> None:
    source = Source("a")
    keys = VerifierKeys(source, clock)
    await asyncio.gather(*(keys.with_key("a") for _ in range(50)))
    assert source.asked == 1
    assert keys.current.kids == {"a"}


async def test_a_flood_of_made_up_kids_asks_at_most_once_a_second(clock: FrozenClock) -> None:
    source = Source("a")
    keys = VerifierKeys(source, clock)
    for n in range(5_000):
        assert "a" in (await keys.with_key(f"made-up-{n}")).kids
    assert source.asked == 1
    clock.advance(1.1)
    await keys.with_key("another")
    assert source.asked == 2


async def test_an_unknown_kid_is_remembered_and_asked_again_later(clock: FrozenClock) -> None:
    source = Source("a")
    keys = VerifierKeys(source, clock)
    await keys.with_key("b")
    clock.advance(2)
    await keys.with_key("b")
    assert source.asked == 1
    source.kids = ("a", "b")
    clock.advance(10)
    assert "b" in (await keys.with_key("b")).kids


async def test_the_keys_are_kept_when_their_source_is_gone(clock: FrozenClock) -> None:
    source = Source("a")
    keys = VerifierKeys(source, clock)
    await keys.with_key("a")
    source.down = True
    clock.advance(3600)
    assert "a" in (await keys.with_key("b")).kids
    assert "a" in (await keys.with_key("a")).kids


async def test_one_who_goes_away_does_not_end_the_fetch_for_the_others(clock: FrozenClock) -> None:
    source = Source("a")
    source.answer.clear()
    keys = VerifierKeys(source, clock)
    first = asyncio.create_task(keys.with_key("a"))
    second = asyncio.create_task(keys.with_key("a"))
    await source.was_asked.wait()
    first.cancel()
    await asyncio.wait({first})
    source.answer.set()
    assert "a" in (await asyncio.wait_for(second, 2)).kids

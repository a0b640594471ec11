"""A refresh token is spent once; whoever presents it again ends its session."""

import asyncio

from suite.api import Api, Pair
from suite.plan import Account
from suite.processes import deadline


async def _refused_within(api: Api, token: str, seconds: float) -> bool:
    """Whether an access token is refused before long."""
    for _ in deadline(seconds, step=0):
        if (await api.protected(token)).status == 401:
            return True
    return False


async def test_a_refresh_gives_a_fresh_pair_of_the_same_session(api: Api, admin: Account) -> None:
    first = await api.sign_in(admin)
    second = Pair.of(await api.refresh(first.refresh))
    assert second.session_id == first.session_id
    assert second.refresh != first.refresh
    assert second.access != first.access
    assert (await api.protected(second.access)).status == 200


async def test_a_retry_within_the_grace_gets_the_same_successor(api: Api, admin: Account) -> None:
    first = await api.sign_in(admin)
    once, again = await api.refresh(first.refresh), await api.refresh(first.refresh)
    assert Pair.of(once).refresh == Pair.of(again).refresh


async def test_a_token_from_before_the_last_one_ends_the_session(api: Api, admin: Account) -> None:
    first = await api.sign_in(admin)
    second = Pair.of(await api.refresh(first.refresh))
    third = Pair.of(await api.refresh(second.refresh))

    replayed = await api.refresh(first.refresh)

    assert replayed.status == 401
    assert (await api.refresh(third.refresh)).status == 401
    assert await _refused_within(api, third.access, 1.0)


async def test_other_sessions_live_on(api: Api, admin: Account) -> None:
    other = await api.sign_in(admin)
    first = await api.sign_in(admin)
    second = Pair.of(await api.refresh(first.refresh))
    await api.refresh(second.refresh)
    assert (await api.refresh(first.refresh)).status == 401
    assert (await api.protected(other.access)).status == 200
    assert (await api.refresh(other.refresh)).status == 200


async def test_a_forged_token_ends_nothing(api: Api, admin: Account) -> None:
    pair = await api.sign_in(admin)
    forged = pair.refresh[:-1] + ("A" if pair.refresh[-1] != "A" else "B")
    assert (await api.refresh(forged)).status == 401
    assert (await api.refresh(pair.refresh)).status == 200


async def test_sixteen_at_once_share_one_successor(api: Api, admin: Account) -> None:
    pair = await api.sign_in(admin)
    answers = await asyncio.gather(*(api.refresh(pair.refresh) for _ in range(16)))
    given = {answer.json()["refresh_token"] for answer in answers if answer.status == 200}
    assert len(given) == 1

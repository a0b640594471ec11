"""After a logout the access token is refused at the gateway within a second, and the session is over."""

import time

import pytest

from suite.api import Api, Pair
from suite.plan import Account


async def _seconds_until_refused(api: Api, token: str, patience: float = 5.0) -> float:
    began = time.monotonic()
    while (waited := time.monotonic() - began) < patience:
        if (await api.protected(token)).status == 401:
            return waited
    pytest.fail(f"still accepted after {patience} s")


async def test_the_access_token_is_refused_within_a_second(api: Api, admin: Account) -> None:
    pair = await api.sign_in(admin)
    assert (await api.protected(pair.access)).status == 200
    assert (await api.logout(pair.access)).status == 204
    assert await _seconds_until_refused(api, pair.access) < 1.0


async def test_the_refresh_token_is_over_at_once(api: Api, admin: Account) -> None:
    pair = await api.sign_in(admin)
    await api.logout(pair.access)
    assert (await api.refresh(pair.refresh)).status == 401


async def test_every_access_token_of_the_session_is_refused(api: Api, admin: Account) -> None:
    first = await api.sign_in(admin)
    second = Pair.of(await api.refresh(first.refresh))
    await api.logout(second.access)
    assert await _seconds_until_refused(api, first.access) < 1.0
    assert await _seconds_until_refused(api, second.access) < 1.0


async def test_other_devices_stay_signed_in(api: Api, admin: Account) -> None:
    here, there = await api.sign_in(admin), await api.sign_in(admin)
    await api.logout(here.access)
    await _seconds_until_refused(api, here.access)
    assert (await api.protected(there.access)).status == 200


async def test_ending_one_session_elsewhere_refuses_its_tokens(api: Api, admin: Account) -> None:
    here, there = await api.sign_in(admin), await api.sign_in(admin)
    ended = await api.call("DELETE", f"/sessions/{there.session_id}", token=here.access)
    assert ended.status == 204
    assert await _seconds_until_refused(api, there.access) < 1.0
    assert (await api.protected(here.access)).status == 200


async def test_a_session_list_shows_this_one(api: Api, admin: Account) -> None:
    pair = await api.sign_in(admin)
    sessions = (await api.get("/sessions", pair.access)).json()["sessions"]
    current = [session for session in sessions if session["current"]]
    assert [session["id"] for session in current] == [pair.session_id]

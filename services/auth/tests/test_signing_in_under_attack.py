"""Sign-in as strangers meet it: it tells them nothing, by word or by time, and shuts no owner out."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from chassis.errors import Exhausted, ServiceError, Unauthenticated
from reliability.auth.v1 import auth_pb2 as pb

pytestmark = pytest.mark.alone

SAMPLES = 200
# Five standard deviations of Mann and Whitney's share for two samples of 200.
MARGIN = 0.145


async def attempt(auth: Any, username: str, password: str, address: str, device_token: str = "") -> Any:
    client = pb.ClientContext(address=address, user_agent="a browser", device_token=device_token)
    request = pb.LoginRequest(username=username, password=password, client=client)
    return await auth.call(auth.auth.Login, request, seconds=20.0)


async def test_the_owner_signs_in_from_a_known_device_while_many_addresses_guess(
    replicas: Any, database: str, valkey_url: str, password: str
) -> None:
    async with replicas(database, RATE_LIMIT_STORAGE_URI=valkey_url) as auth:
        known = (await attempt(auth, "ada", password, "192.0.2.7")).device_token
        refused: dict[str, int] = {}
        for number in range(60):
            with pytest.raises((Unauthenticated, Exhausted)) as outcome:
                await attempt(auth, ("ada", "Ada")[number % 2], "a wrong guess", f"10.0.{number}.1")
            refused[outcome.value.reason] = refused.get(outcome.value.reason, 0) + 1
        with pytest.raises(Exhausted) as stranger:
            await attempt(auth, "ada", password, "198.51.100.1")

        assert refused.keys() == {"INVALID_CREDENTIALS", "SIGN_IN_THROTTLED"}
        assert refused["INVALID_CREDENTIALS"] < 30
        assert stranger.value.retry_after is not None
        again = await attempt(auth, "ada", password, "192.0.2.7", known)
        assert (await attempt(auth, "ada", password, "192.0.2.7", again.device_token)).tokens.access_token


async def test_an_unknown_name_is_answered_like_a_known_one_all_the_way(
    replicas: Any, database: str, valkey_url: str
) -> None:
    async with replicas(database, RATE_LIMIT_STORAGE_URI=valkey_url) as auth:
        told: dict[str, list[tuple[str, float | None, str]]] = {"ada": [], "nobody": []}
        for _ in range(12):
            for name, address in (("ada", "10.1.1.1"), ("nobody", "10.2.2.2")):
                with pytest.raises(ServiceError) as refused:
                    await attempt(auth, name, "a wrong guess", address)
                told[name].append((refused.value.reason, refused.value.retry_after, refused.value.detail))

    assert told["ada"] == told["nobody"]
    assert len(set(told["ada"])) == 2


async def test_no_byte_of_a_request_is_taken_for_a_failure_of_ours(
    replicas: Any, database: str, password: str
) -> None:
    async with replicas(database, RATE_LIMIT_ENABLED="false") as auth:
        for name, secret in (("a\0da", password), ("ada", "\0")):
            with pytest.raises(Unauthenticated):
                await attempt(auth, name, secret, "10.0.0.1", "\0")

        assert (await attempt(auth, "ada", password, "\0")).tokens.access_token


def chance_of_less(one: Sequence[float], other: Sequence[float]) -> float:
    wins = sum((a < b) + (a == b) / 2 for a in one for b in other)
    return wins / (len(one) * len(other))


@pytest.mark.slow
async def test_200_answers_each_take_no_telling_time(
    replicas: Any, database: str, add_user: Any, password: str
) -> None:
    add_user(database, "disabled")
    add_user(database, "broken")
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE users SET disabled = true WHERE username = 'disabled'")
        connection.execute("UPDATE users SET password = 'not a hash' WHERE username = 'broken'")
    secrets = {"ada": "a wrong guess", "nobody": "a wrong guess", "disabled": password, "broken": password}
    taken: dict[str, list[float]] = {name: [] for name in secrets}
    # The wait for the database would hide a difference; the hash of cost 6 is as long as all the rest.
    async with replicas(database, RATE_LIMIT_ENABLED="false", BCRYPT_ROUNDS="6") as auth:
        # From the cost it was made with to the one of today, as a hash in use is.
        await attempt(auth, "ada", password, "10.0.0.1")
        for turn in range(SAMPLES + 5):
            for name, secret in random.sample(sorted(secrets.items()), len(secrets)):
                began = time.perf_counter()
                with pytest.raises(Unauthenticated):
                    await attempt(auth, name, secret, "10.0.0.1")
                if turn >= 5:
                    taken[name].append(time.perf_counter() - began)

    shares = {name: chance_of_less(taken["ada"], other) for name, other in taken.items() if name != "ada"}
    assert all(abs(share - 0.5) < MARGIN for share in shares.values()), shares


@dataclass
class Storm:
    """What 32 sign-ins did to everybody else; seconds."""

    refreshes: list[float]
    lateness: list[float]

    @property
    def weathered(self) -> bool:
        return p99(self.refreshes) < 0.1 and p99(self.lateness) < 0.02


def p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)]


async def storm(auth: Any, token: str) -> tuple[Storm, str]:
    """The sign-ins' loop is ours too, so how late it is can be read off; and the token to go on with."""
    seen = Storm([], [])

    async def beat() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.002)
            seen.lateness.append(time.perf_counter() - began - 0.002)

    beating = asyncio.ensure_future(beat())
    logins = (attempt(auth, "ada", "a wrong guess", "10.0.0.1") for _ in range(32))
    hashing = asyncio.gather(*logins, return_exceptions=True)
    while not hashing.done():
        began = time.perf_counter()
        token = (await auth.refresh(token)).refresh_token
        seen.refreshes.append(time.perf_counter() - began)
        await asyncio.sleep(0.002)
    beating.cancel()
    assert all(isinstance(each, Unauthenticated) for each in await hashing)
    return seen, token


@pytest.mark.slow
async def test_32_sign_ins_that_hash_keep_neither_the_loop_nor_refreshes_waiting(
    replicas: Any, database: str, password: str
) -> None:
    async with replicas(database, RATE_LIMIT_ENABLED="false", BCRYPT_ROUNDS="11") as auth:
        token = (await attempt(auth, "ada", password, "10.0.0.1")).tokens.refresh_token
        # Somebody else on the machine may spoil one storm, or two; what is wrong with us spoils all.
        for _ in range(4):
            seen, token = await storm(auth, token)
            if seen.weathered:
                break

    assert len(seen.refreshes) > 100
    assert p99(seen.refreshes) < 0.1
    assert p99(seen.lateness) < 0.02

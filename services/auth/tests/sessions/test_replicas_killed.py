"""What a client sees at the gateway while the replicas behind it are killed: nothing but right answers."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any

import jwt
import psycopg
import pytest

from auth.domain.refresh_tokens import RefreshTokens
from auth.settings import AuthSettings
from chassis.errors import ServiceError

pytestmark = pytest.mark.alone

ROUNDS = 200
AT_ONCE = 16
KILL_EVERY = 10
RACE_EVERY = 5
# Right answers are the promise here, on however busy a machine; promptness has tests of its own.
PATIENT = {"AUTH_TIMEOUT_SECONDS": "10"}


class Kept:
    """What the database holds of sessions."""

    def __init__(self, url: str, tokens: RefreshTokens) -> None:
        self._url = url
        self._tokens = tokens

    def holds(self, refresh_token: str) -> bool:
        """Whether this token is the one that may be spent next."""
        token = self._tokens.parse(refresh_token)
        with psycopg.connect(self._url) as connection:
            row = connection.execute(
                "SELECT generation, token_hash, ended_at FROM sessions WHERE id = %s", (token.session,)
            ).fetchone()
        return row == (token.generation, self._tokens.digest(token), None)

    def end_of(self, session: str) -> Any:
        with psycopg.connect(self._url) as connection:
            return connection.execute(
                "SELECT end_reason FROM sessions WHERE id = %s AND ended_at IS NOT NULL", (session,)
            ).fetchone()


class Killer:
    """Kills the replicas by turns, never the second before the first is back."""

    def __init__(self, suite: Any) -> None:
        self._suite = suite
        self._turn = 0
        self._starting: asyncio.Future[Any] | None = None
        self.kills = 0

    async def ready(self) -> None:
        if self._starting is not None:
            await self._starting
            await self._suite.until_both_are_known()

    async def kill(self) -> None:
        await asyncio.sleep(random.uniform(0, 0.02))
        victim = self._suite.replicas[self._turn]
        await victim.kill()
        self.kills += 1
        self._turn = 1 - self._turn
        self._starting = asyncio.ensure_future(victim.launch())


def claims(access_token: str) -> dict[str, Any]:
    return jwt.decode(access_token, options={"verify_signature": False})


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_no_kill_breaks_a_session(
    front: Any, database: str, add_user: Any, password: str, settings_for: Callable[..., AuthSettings]
):
    users = {name: str(add_user(database, name)) for name in ("grace", "barbara", "mary", "joan")}
    kept = Kept(database, RefreshTokens(settings_for(database).secrets, random.randbytes))
    async with front(database, gateway=PATIENT) as suite:
        chain = await suite.login("grace", password)
        other = await suite.login("barbara", password)
        session = chain["session_id"]
        killer = Killer(suite)
        for number in range(1, ROUNDS + 1):
            deadly = number % KILL_EVERY == 0
            if deadly:
                await killer.ready()
            races: list[Any] = []
            if number % RACE_EVERY == 0:
                races.append(logout_race(suite, await suite.login("mary", password), kept))
                races.append(reuse_race(suite, await suite.login("joan", password), kept))
            *answers, others, _, _ = await asyncio.gather(
                *(suite.refresh(chain["refresh_token"]) for _ in range(AT_ONCE)),
                suite.refresh(other["refresh_token"]),
                killer.kill() if deadly else asyncio.sleep(0),
                asyncio.gather(*races),
            )

            assert {answer.status for answer in (*answers, others)} == {200}
            pairs, other = [answer.body for answer in answers], others.body
            assert len({pair["refresh_token"] for pair in pairs}) == 1
            assert len({pair["access_token"] for pair in pairs}) == AT_ONCE
            assert {belongs_to(pair) for pair in pairs} == {(users["grace"], session)}
            assert belongs_to(other)[0] == users["barbara"]
            chain = pairs[0]
            if deadly:
                assert kept.holds(chain["refresh_token"])
                assert kept.holds(other["refresh_token"])
        await killer.ready()

        assert killer.kills == ROUNDS / KILL_EVERY
        assert max(suite.seen) < 500
        assert await suite.let_in(chain["access_token"])
        assert await suite.let_in(other["access_token"])


def belongs_to(pair: Any) -> tuple[str, str]:
    told = claims(pair["access_token"])
    assert told["sid"] == pair["session_id"]
    return told["sub"], told["sid"]


async def logout_race(suite: Any, pair: Any, kept: Kept) -> None:
    """Signing out among eight refreshes ends what any of them was given."""
    await lost_to(suite.logout(pair["access_token"]), 204, suite, pair, pair)
    assert kept.end_of(pair["session_id"]) == ("logout",)


async def reuse_race(suite: Any, first: Any, kept: Kept) -> None:
    """A token spent long ago, presented among eight refreshes, ends what any of them was given."""
    second = await suite.renew(first)
    third = await suite.renew(second)
    await lost_to(suite.refresh(first["refresh_token"]), 401, suite, third, first, second)
    assert kept.end_of(first["session_id"]) == ("replayed",)


async def lost_to(
    ending: Coroutine[Any, Any, Any], expected: int, suite: Any, live: Any, *family: Any
) -> None:
    """Eight refreshes of the live pair race what ends the session, and lose with all their family."""
    refreshes = [suite.refresh(live["refresh_token"]) for _ in range(AT_ONCE // 2)]
    ended, *answers = await asyncio.gather(ending, *refreshes)
    assert ended.status == expected
    won = [answer.body for answer in answers if answer.status == 200]
    lost = [answer.body["type"].rpartition(":")[2] for answer in answers if answer.status != 200]
    assert set(lost) <= {"session-ended"}
    assert len({pair["refresh_token"] for pair in won}) <= 1
    assert {belongs_to(pair) for pair in won} <= {belongs_to(live)}

    family = (live, *family, *won)
    await suite.until_refused(*{pair["access_token"] for pair in family})
    for token in {pair["refresh_token"] for pair in family}:
        assert (await suite.refresh(token)).status == 401


@pytest.mark.slow
async def test_the_trail_tells_the_address_that_the_gateway_saw(front: Any, database: str, password: str):
    async with front(database, gateway={"TRUSTED_PROXIES": "127.0.0.0/8"}) as suite:
        pair = await suite.login("ada", password)
        headers = {"X-Forwarded-For": "203.0.113.9", "Authorization": f"Bearer {pair['access_token']}"}
        async with suite.http.post(suite.base + "/logout", headers=headers) as answer:
            assert answer.status == 204

    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT address FROM audit_events WHERE kind = 'session.ended'").fetchall()
    assert rows == [("203.0.113.9",)]


@pytest.mark.slow
async def test_without_any_replica_the_client_is_told_when_to_come_back(
    front: Any, database: str, password: str
):
    async with front(database) as suite:
        pair = await suite.login("ada", password)
        await asyncio.gather(*(replica.kill() for replica in suite.replicas))
        for ask in (
            lambda: suite.refresh(pair["refresh_token"]),
            lambda: suite.logout(pair["access_token"]),
            lambda: suite.ask("POST", "/login", data={"username": "ada", "password": password}),
        ):
            began = time.monotonic()
            answer = await ask()
            assert time.monotonic() - began < 1
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")

        await suite.replicas[0].launch()
        async with asyncio.timeout(5):
            while (answer := await suite.refresh(pair["refresh_token"])).status == 503:
                await asyncio.sleep(0.02)
        assert answer.status == 200


@pytest.mark.slow
async def test_a_replay_ends_the_session_at_every_replica_though_its_witness_is_killed(
    processes: Any, database: str
):
    made = [processes(database, REFRESH_TOKEN_GRACE_SECONDS="0") for _ in range(2)]
    one, other = await asyncio.gather(*(each.start() for each in made))
    first = await one.login()
    second = await one.refresh(first.refresh_token)
    with pytest.raises(ServiceError) as replayed:
        await one.refresh(first.refresh_token)
    await made[0].kill()

    assert replayed.value.reason == "SESSION_REPLAYED"
    with pytest.raises(ServiceError) as ended:
        await other.refresh(second.refresh_token)
    assert ended.value.reason == "SESSION_ENDED"

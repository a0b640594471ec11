"""One refresh token presented many times at once, at two replicas."""

import asyncio
from typing import Any

import psycopg
import pytest

from chassis.errors import ServiceError, Unauthenticated

ROUNDS = 200
AT_ONCE = 16


async def test_of_sixteen_refreshes_at_once_all_get_the_one_successor(
    auth: Any, replicas: Any, database: str
):
    async with replicas(database) as other:
        token = (await auth.login()).refresh_token
        for _ in range(ROUNDS):
            pairs = await asyncio.gather(
                *((auth if number % 2 else other).refresh(token) for number in range(AT_ONCE))
            )
            assert len({pair.refresh_token for pair in pairs}) == 1
            assert len({pair.access_token for pair in pairs}) == AT_ONCE
            token = pairs[0].refresh_token

    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT generation, ended_at FROM sessions").fetchall()
    assert rows == [(ROUNDS, None)]


async def test_without_grace_one_of_sixteen_wins_and_the_session_ends(replicas: Any, database: str):
    async with (
        replicas(database, REFRESH_TOKEN_GRACE_SECONDS="0") as one,
        replicas(database, REFRESH_TOKEN_GRACE_SECONDS="0") as other,
    ):
        for _ in range(20):
            token = (await one.login()).refresh_token
            outcomes = await asyncio.gather(
                *((one if number % 2 else other).refresh(token) for number in range(AT_ONCE)),
                return_exceptions=True,
            )
            won = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
            lost = [outcome.reason for outcome in outcomes if isinstance(outcome, ServiceError)]
            assert len(won) == 1
            assert set(lost) <= {"SESSION_REPLAYED", "SESSION_ENDED"}
            assert "SESSION_REPLAYED" in lost
            with pytest.raises(Unauthenticated):
                await other.refresh(won[0].refresh_token)


async def test_a_logout_among_refreshes_always_wins(auth: Any, replicas: Any, database: str):
    async with replicas(database) as other:
        for _ in range(20):
            tokens = await auth.login()
            outcomes = await asyncio.gather(
                *(
                    (auth if number % 2 else other).refresh(tokens.refresh_token)
                    for number in range(AT_ONCE // 2)
                ),
                other.logout(tokens),
                *(
                    (auth if number % 2 else other).refresh(tokens.refresh_token)
                    for number in range(AT_ONCE // 2)
                ),
                return_exceptions=True,
            )
            refused = {each.reason for each in outcomes if isinstance(each, ServiceError)}
            assert refused <= {"SESSION_ENDED"}
            survivors = {tokens.refresh_token} | {
                each.refresh_token for each in outcomes if hasattr(each, "refresh_token")
            }
            for token in survivors:
                with pytest.raises(Unauthenticated):
                    await auth.refresh(token)

"""What can no longer matter goes; what can, stays."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg

from auth.storage.database import Database, parse_url
from auth.storage.prune import prune

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_sessions_go_a_day_after_they_expired(postgres_url: str, add_user: Callable[..., uuid.UUID]):
    user = add_user(postgres_url, "ada")
    ages = [timedelta(hours=-1), timedelta(hours=23), timedelta(hours=25)]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for age in [*ages, *[timedelta(days=2)] * 600]:
            connection.execute(
                "INSERT INTO sessions"
                " (id, user_id, token_hash, created_at, issued_at, idle_expires_at, expires_at)"
                " VALUES (%s, %s, '', %s, %s, %s, %s)",
                (uuid.uuid4(), user, NOW, NOW, NOW - age, NOW - age),
            )
        database = Database(parse_url(postgres_url), pool_size=1, seconds=5)
        await prune(database, NOW)
        await database.close()
        left = connection.execute("SELECT expires_at FROM sessions ORDER BY expires_at DESC").fetchall()

    assert [row[0] for row in left] == [NOW - age for age in ages[:2]]

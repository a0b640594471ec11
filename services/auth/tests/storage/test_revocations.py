"""Revocations are numbered in the order in which they become true."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from auth.domain.revocations import Revocation
from auth.storage.database import Database, parse_url
from auth.storage.prune import prune
from auth.storage.revocations import Revocations
from chassis.errors import Unavailable

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def pool(postgres_url: str) -> AsyncIterator[Database]:
    made = Database(parse_url(postgres_url), pool_size=8, seconds=5)
    yield made
    await made.close()


def some() -> Revocation:
    return Revocation.of_session(uuid.uuid4(), now=NOW, lifetime=timedelta(minutes=15))


async def test_who_reads_as_it_goes_misses_none_whatever_order_the_writers_commit_in(pool: Database):
    async def write() -> None:
        async with pool.begin() as work:
            await work.revocations.add(some(), some())
            await asyncio.sleep(random.uniform(0, 0.01))
            if random.random() < 0.8:
                await work.commit()

    async def read(done: asyncio.Event) -> list[int]:
        versions: list[int] = []
        while not done.is_set():
            fresh = await Revocations(pool).since(versions[-1] + 1 if versions else 0)
            versions += [each.version for each in fresh]
        fresh = await Revocations(pool).since(versions[-1] + 1 if versions else 0)
        return versions + [each.version for each in fresh]

    done = asyncio.Event()
    reading = asyncio.ensure_future(read(done))
    for _ in range(10):
        await asyncio.gather(*(write() for _ in range(6)))
    done.set()
    seen = await reading

    everything = [each.version for each in await Revocations(pool).since(0)]
    assert seen == everything


async def test_a_revocation_is_as_old_as_its_transaction(pool: Database):
    async with pool.begin() as work:
        began = (await work.execute(text("SELECT now()"))).scalar_one()
        await work.execute(text("SELECT pg_sleep(0.01)"))
        await work.revocations.add(some())
        await work.commit()

    (only,) = await Revocations(pool).since(0)
    assert only.created_at == began


async def test_a_schema_of_the_release_before_is_told_as_one(pool: Database):
    await pool.execute(text("ALTER TABLE revocations DROP COLUMN created_at"))

    with pytest.raises(Unavailable) as refused:
        await Revocations(pool).since(0)
    assert refused.value.reason == "DATABASE_NOT_MIGRATED"


async def test_what_concerns_only_expired_tokens_is_forgotten(pool: Database):
    async with pool.begin() as work:
        await work.revocations.add(some())
        await work.commit()

    assert await Revocations(pool).prune(NOW + timedelta(minutes=15)) == 0
    assert await Revocations(pool).prune(NOW + timedelta(minutes=17)) == 1


async def test_thousands_are_read_in_order_and_forgotten_whole(pool: Database):
    await pool.execute(
        text(
            "INSERT INTO revocations (version, kind, subject, expires_at)"
            " SELECT n, 'token', CAST(n AS text), :at FROM generate_series(1, 10001) AS n"
        ).bindparams(at=NOW)
    )

    assert [each.version for each in await Revocations(pool).since(2)] == list(range(2, 10002))

    await prune(pool, NOW + timedelta(seconds=1))
    assert await Revocations(pool).since(0) == []

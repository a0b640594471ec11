"""The database as it is asked: round trips, closed connections, deadlines, rights, migrations."""

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event, text

from auth.migrate import migrate
from auth.storage.database import Database, parse_url
from auth.storage.listener import listen
from chassis import deadline
from chassis.errors import Unavailable


@pytest.fixture
async def pool(postgres_url: str) -> AsyncIterator[Database]:
    made = Database(parse_url(postgres_url), pool_size=6, seconds=5)
    yield made
    await made.close()


async def test_a_statement_alone_is_one_round_trip(pool: Database):
    sent: list[tuple[str, bool]] = []

    def note(_: Any, cursor: Any, statement: str, *__: Any) -> None:
        sent.append((statement, cursor._cursor.connection.autocommit))

    await pool.execute(text("SELECT 0"))
    event.listen(pool._engine.sync_engine, "before_cursor_execute", note)
    await pool.execute(text("SELECT 1"))

    # Nothing checked the connection first, and no transaction was begun around it.
    assert sent == [("SELECT 1", True)]


async def test_leaving_without_a_commit_takes_everything_back(pool: Database):
    async with pool.begin() as work:
        await work.execute(text("INSERT INTO clients VALUES ('a', 'a', '', now())"))

    assert (await pool.execute(text("SELECT count(*) FROM clients"))).scalar_one() == 0


async def test_connections_that_the_server_closed_are_not_used(pool: Database, postgres_url: str):
    async def hold() -> None:
        async with pool.begin() as work:
            await work.execute(text("SELECT 1"))
            await barrier.wait()

    barrier = asyncio.Barrier(3)
    await asyncio.gather(*(hold() for _ in range(3)))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'auth'"
        )

    for _ in range(3):
        async with pool.begin() as work:
            assert (await work.execute(text("SELECT 1"))).scalar_one() == 1


async def test_what_is_prepared_outlives_the_connections_it_was_prepared_on(
    pool: Database, postgres_url: str
):
    asked = pool.prepared("SELECT pg_backend_pid(), $1::text")

    async def pids() -> set[bytes | None]:
        rows = await asyncio.gather(*(asked.row((b"x",)) for _ in range(9)))
        assert {row[1] for row in rows if row is not None} == {b"x"}
        return {row[0] for row in rows if row is not None}

    before = await pids()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) AS pid",
            ([int(pid or 0) for pid in before],),
        )
    after = await pids()

    assert len(before) <= 3
    assert not before & after


async def test_what_is_prepared_is_given_up_in_time_and_gives_its_connection_back(pool: Database):
    asked = pool.prepared("SELECT pg_sleep($1::float)")
    for _ in range(6):
        began = time.monotonic()
        with deadline.within(0.05), pytest.raises(Unavailable):
            await asked.row((b"3",))
        assert time.monotonic() - began < 0.5

    assert await asked.row((b"0",)) == (b"",)


async def test_a_caller_who_leaves_stops_nothing_that_is_prepared(pool: Database, postgres_url: str):
    asked = pool.prepared(
        "INSERT INTO clients SELECT $1::text, '', '', now() FROM pg_sleep(0.1) RETURNING id"
    )
    await asked.row((b"first",))
    left = asyncio.ensure_future(asked.row((b"second",)))
    while not active(postgres_url):
        await asyncio.sleep(0.01)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    await asked.close()

    assert (await pool.execute(text("SELECT count(*) FROM clients"))).scalar_one() == 2


async def test_what_is_prepared_waits_for_its_turn_no_longer_than_it_may(pool: Database):
    asked = pool.prepared("SELECT pg_sleep($1::float)")
    busy = [asyncio.ensure_future(asked.row((b"1",))) for _ in range(3)]
    await asyncio.sleep(0.1)
    with deadline.within(0.2), pytest.raises(Unavailable):
        await asked.row((b"0",))

    assert await asyncio.gather(*busy) == [(b"",)] * 3


async def test_a_table_that_is_not_there_yet_is_told(postgres_empty: str):
    made = Database(parse_url(postgres_empty), pool_size=2, seconds=5)
    with pytest.raises(Unavailable) as refused:
        await made.prepared("SELECT 1 FROM sessions").row(())
    await made.close()

    assert refused.value.reason == "DATABASE_NOT_MIGRATED"


async def test_a_caller_in_a_hurry_is_told_when_their_time_is_over(pool: Database):
    began = time.monotonic()
    with deadline.within(0.1), pytest.raises(Unavailable) as refused:
        await pool.execute(text("SELECT pg_sleep(3)"))

    assert time.monotonic() - began < 0.5
    assert refused.value.reason == "DATABASE_UNAVAILABLE"


async def test_what_was_abandoned_gives_its_connection_back(pool: Database):
    for _ in range(6):
        with deadline.within(0.05), pytest.raises(Unavailable):
            await pool.execute(text("SELECT pg_sleep(3)"))

    assert (await pool.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_caller_who_leaves_a_transaction_leaves_no_trace(pool: Database):
    for _ in range(6):
        entered = asyncio.Event()

        async def write(said: asyncio.Event) -> None:
            async with pool.begin() as work:
                await work.execute(text("INSERT INTO clients VALUES ('a', 'a', '', now())"))
                said.set()
                await work.execute(text("SELECT pg_sleep(0.05)"))
                await work.commit()

        writing = asyncio.ensure_future(write(entered))
        await entered.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

    assert (await pool.execute(text("SELECT count(*) FROM clients"))).scalar_one() == 0


async def test_what_another_session_commits_is_heard_at_once_and_after_a_cut(postgres_url: str):
    heard = asyncio.Event()
    listening = asyncio.ensure_future(listen(parse_url(postgres_url), {"news": heard}))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        async with asyncio.timeout(5):
            await heard.wait()
            heard.clear()
            connection.execute("NOTIFY news")
            await heard.wait()
            heard.clear()
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'auth notifications'"
            )
            await heard.wait()
    listening.cancel()


def test_a_run_role_reads_and_writes_but_alters_nothing(postgres_url: str):
    url = parse_url(postgres_url)
    role = f"run_{url.database}"
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        migrate(url, run_role=role)
        refused = psycopg.errors.InsufficientPrivilege
        with owner.transaction():
            owner.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            owner.execute("INSERT INTO clients VALUES ('a', 'a', '', now())")
            owner.execute("SELECT nextval('revocations_version')")
            for forbidden in (
                "ALTER TABLE users ADD COLUMN x text",
                "DROP TABLE sessions",
                "CREATE TABLE mine ()",
                "DELETE FROM audit_events",
                "UPDATE audit_events SET kind = ''",
                "UPDATE alembic_version SET version_num = ''",
            ):
                with pytest.raises(refused), owner.transaction():
                    owner.execute(forbidden)
        owner.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
        owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_nobody_changes_the_trail_not_even_its_owner(postgres_url: str):
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        for forbidden in (
            "DELETE FROM audit_events",
            "TRUNCATE audit_events",
            "UPDATE audit_events SET kind = ''",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation):
                owner.execute(forbidden)


@pytest.fixture
def postgres_empty(databases: Any) -> Any:
    with databases.fresh() as url:
        yield url


def test_migrations_that_start_together_run_once(postgres_empty: str):
    url = parse_url(postgres_empty)
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(migrate, url) for _ in range(4)]:
            done.result(timeout=30)

    with psycopg.connect(postgres_empty) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchall() == [(1,)]


def active(url: str) -> int:
    """Statements under way."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'auth' AND state = 'active'"
        )
        return int(rows.fetchall()[0][0])


async def test_closing_waits_for_what_a_caller_left_running(postgres_url: str):
    made = Database(parse_url(postgres_url), pool_size=1, seconds=5)
    left = asyncio.ensure_future(made.execute(text("SELECT pg_sleep(0.3)")))
    async with asyncio.timeout(5):
        while not active(postgres_url):
            await asyncio.sleep(0.01)
    left.cancel()
    await made.close()

    assert active(postgres_url) == 0

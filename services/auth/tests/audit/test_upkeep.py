"""What auth finds out about itself while it serves."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import text

from auth.domain.audit.events import Event
from auth.storage.database import Database, parse_url
from auth.upkeep import Findings, check_schema, check_trail

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(parse_url(postgres_url), pool_size=2, seconds=10.0)
    for number in range(3):
        async with database.begin() as work:
            await work.audit.append(Event(NOW, "user.created", actor=str(number)))
            await work.commit()
    yield database
    await database.close()


async def tampered(url: str, statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        # As the owner of the table could, who can also take its guard away.
        await connection.execute("ALTER TABLE audit_events DISABLE TRIGGER USER")
        await connection.execute(statement)


async def test_a_whole_trail_is_found_whole(store: Database) -> None:
    findings = Findings()
    await check_trail(store, findings)

    assert findings.trail_whole is True


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET actor = 'nobody' WHERE sequence = 2",
        "DELETE FROM audit_events WHERE sequence = 1",
    ],
)
async def test_a_changed_or_removed_event_is_found_and_said(
    statement: str, store: Database, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await tampered(postgres_url, statement)

    findings = Findings(trail_whole=True)
    await check_trail(store, findings)

    assert findings.trail_whole is False
    assert [record.message for record in caplog.records] == ["audit.trail_broken"]


async def test_a_schema_of_another_release_is_a_pending_migration(store: Database) -> None:
    findings = Findings()
    await check_schema(store, findings)
    assert findings.migration_pending is False

    await store.execute(text("UPDATE alembic_version SET version_num = 'another'"))
    await check_schema(store, findings)
    assert findings.migration_pending is True

"""The schema: what the migrations made is what the tables say."""

import asyncio
import os
import sys
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from auth.migrate import migrate
from auth.storage.database import parse_url
from auth.storage.tables import metadata


def test_the_tables_are_what_the_migrations_made(postgres_url: str):
    engine = create_engine(parse_url(postgres_url))

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()

    assert differences == []


def test_migrating_again_changes_nothing(postgres_url: str):
    migrate(parse_url(postgres_url))


def test_an_older_release_leaves_a_newer_schema_alone(postgres_url: str):
    engine = create_engine(parse_url(postgres_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    migrate(parse_url(postgres_url))

    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
    engine.dispose()


async def migrating(url: str, wait: str) -> asyncio.subprocess.Process:
    given = {**os.environ, "ENVIRONMENT": "test", "DATABASE_URL": url}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "auth", "migrate", "--wait", wait), stderr=asyncio.subprocess.PIPE, env=given
    )


async def test_migrating_waits_for_a_database_that_is_not_there_yet(own_postgres: Any):
    own_postgres.kill()
    gave_up = await migrating(own_postgres.url(), "0")
    _, said = await asyncio.wait_for(gave_up.communicate(), 20)
    assert gave_up.returncode == 69
    assert len(said.decode().strip().splitlines()) >= 1
    assert b"Traceback" not in said

    patient = await migrating(own_postgres.url(), "20")
    own_postgres.start()
    await asyncio.wait_for(patient.communicate(), 20)
    assert patient.returncode == 0

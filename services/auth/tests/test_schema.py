"""The schema: what the migrations made is what the tables say."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

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

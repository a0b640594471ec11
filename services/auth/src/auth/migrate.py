"""Brings the schema up to date, once however many start at the same time, and lets the run role in."""

import logging
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

from auth.storage.locks import MIGRATIONS

log = logging.getLogger(__name__)

_GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit_events FROM {role}",
    "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version FROM {role}",
)


def migrate(url: URL, *, run_role: str | None = None) -> None:
    """Runs what has not run yet.

    Args:
        url: of a role that owns the tables.
        run_role: another role that may then read and write, but alter nothing.
    """
    engine = create_engine(url, hide_parameters=True, connect_args={"application_name": "auth migrate"})
    try:
        with engine.connect() as lock, engine.connect() as connection:
            # On a connection of its own: a session lock outlives the steps' transactions.
            lock = lock.execution_options(isolation_level="AUTOCOMMIT")  # noqa: PLW2901
            lock.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATIONS})
            # A step that cannot have its lock soon gives way to the traffic behind it.
            connection.execute(text("SET lock_timeout = '5s'"))
            connection.commit()
            _upgrade(connection)
            if run_role is not None:
                _let_in(connection, run_role)
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("auth") / "migrations"))
    config.attributes["connection"] = connection
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    there = set(MigrationContext.configure(connection).get_current_heads())
    connection.commit()
    if there - known:
        # A newer release has been here. Its steps are safe for this one, which therefore changes nothing.
        log.info("migrations.newer_schema", extra={"revision": ", ".join(sorted(there))})
        return
    command.upgrade(config, "head")
    connection.commit()


def _let_in(connection: Connection, role: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    for grant in _GRANTS:
        connection.execute(text(grant.format(role=quoted)))
    connection.commit()

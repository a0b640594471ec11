"""Waiting for the tables: what holds auth back until another pod has migrated."""

import psycopg
import pytest

from auth.commands import wait
from suite.databases import Databases


def waits(monkeypatch: pytest.MonkeyPatch, url: str, seconds: str = "0") -> int:
    for name in ("MIGRATION_DATABASE_URL", "SETTINGS_SECRETS_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("ENVIRONMENT", "production")
    return wait.main(["--for", seconds])


def test_a_migrated_database_needs_no_waiting(monkeypatch: pytest.MonkeyPatch, postgres_url: str):
    assert waits(monkeypatch, postgres_url) == 0


def test_an_empty_one_is_given_up_on_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, databases: Databases, capsys: pytest.CaptureFixture[str]
):
    with databases.fresh("template0") as url:
        assert waits(monkeypatch, url) == 69
    assert capsys.readouterr().err == "The database was not made ready in time: it has no tables yet.\n"


def test_tables_of_an_older_release_are_not_enough_and_of_a_newer_one_are(
    monkeypatch: pytest.MonkeyPatch, postgres_url: str
):
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        assert waits(monkeypatch, postgres_url) == 0
        connection.execute("DELETE FROM alembic_version")
        assert waits(monkeypatch, postgres_url) == 69


def test_a_server_that_is_not_there_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert waits(monkeypatch, "postgresql://nobody@127.0.0.1:1/none") == 69
    assert "it does not answer" in capsys.readouterr().err

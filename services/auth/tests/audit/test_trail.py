"""The trail in the database: gapless in the order of commits, out of everybody's reach."""

import asyncio
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg import sql

from auth.domain.audit.chain import Verification
from auth.domain.audit.events import Event
from auth.migrate import migrate
from auth.storage.audit import Audit
from auth.storage.database import Database, parse_url
from chassis import origin
from chassis.errors import Unauthenticated
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(parse_url(postgres_url), pool_size=8, seconds=10.0)
    yield database
    await database.close()


async def append(store: Database, number: int, *, commit: bool = True) -> None:
    async with store.begin() as work:
        await work.audit.append(Event(NOW, "user.created", actor=str(number), details={"name": "\0é"}))
        if commit:
            await work.commit()


async def verified(store: Database) -> Verification:
    verification = Verification()
    async for link in Audit(store).every():
        assert list(verification.read(link)) == []
    return verification


async def test_parallel_writers_and_rollbacks_leave_no_gap(store: Database) -> None:
    await asyncio.gather(*(append(store, number, commit=number % 3 != 0) for number in range(60)))

    assert (await verified(store)).sequence == 40


async def test_the_trail_is_read_whole_however_long(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth.storage.audit._BATCH", 7)
    for number in range(21):
        await append(store, number)

    assert (await verified(store)).sequence == 21


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"]
)
async def test_not_even_the_owner_of_the_table_changes_an_event(
    store: Database, postgres_url: str, statement: str
) -> None:
    await append(store, 1)

    with psycopg.connect(postgres_url) as owner, pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET actor = 'x'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_events_are_kept ON audit_events",
    ],
)
async def test_the_role_that_serves_may_not_even_try(postgres_url: str, statement: str) -> None:
    role = f"run_{os.urandom(4).hex()}"
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        try:
            migrate(parse_url(postgres_url), run_role=role)
            owner.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(statement.encode())
        finally:
            owner.execute("RESET ROLE")
            owner.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
            owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def verify_command(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "auth", "audit", "verify", *arguments],
        env={"PATH": os.environ["PATH"], "ENVIRONMENT": "test", "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_the_command_tells_a_whole_trail_from_one_that_was_tampered_with(
    store: Database, postgres_url: str
) -> None:
    for number in range(5):
        await append(store, number)
    whole = verify_command(postgres_url)
    last = whole.stdout.split()[-1]
    with psycopg.connect(postgres_url) as owner:
        owner.execute("ALTER TABLE audit_events DISABLE TRIGGER audit_events_are_kept")
        owner.execute("UPDATE audit_events SET actor = 'nobody' WHERE sequence = 3")
        owner.execute("DELETE FROM audit_events WHERE sequence = 5")
    changed = verify_command(postgres_url, "--expect", f"5:{last}")

    assert (whole.returncode, whole.stdout.startswith("5 events, whole")) == (0, True), whole.stderr
    assert changed.returncode == 1
    assert changed.stdout.splitlines()[:2] == [
        "event 3: it or its hash was changed",
        "event 5: missing, though it was told before",
    ]


async def test_signing_in_and_out_is_in_the_trail_and_a_good_refresh_is_not(
    auth: Any, database: str, caplog: pytest.LogCaptureFixture, password: str
) -> None:
    caplog.set_level(logging.CRITICAL)
    typed_wrong = "a secret in the field of the name"
    for username, secret in (("ada", "not the password"), (typed_wrong, "nor this one")):
        with pytest.raises(Unauthenticated):
            await auth.login(username, secret)
    tokens = await auth.login()
    fresh = await auth.refresh(tokens.refresh_token)
    await auth.refresh(fresh.refresh_token)
    with pytest.raises(Unauthenticated):
        await auth.refresh(tokens.refresh_token)
    await auth.logout(await auth.login())

    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT kind, subject, address, trace_id, details FROM audit_events"
            " WHERE kind <> 'signing_keys.rotated' ORDER BY sequence"
        ).fetchall()
    assert [row[0] for row in rows] == [
        "sign_in.failed",
        "sign_in.failed",
        "sign_in.succeeded",
        "session.replayed",
        "sign_in.succeeded",
        "session.ended",
    ]
    assert rows[0][1] == rows[2][1]
    assert rows[1][1] == ""
    assert {row[2] for row in rows[:3]} == {"192.0.2.7"}
    assert all(len(row[3]) == 32 for row in rows)
    assert len({row[4]["account"] for row in rows[:2]}) == 2
    told = [record.audit for record in caplog.records if record.message == "audit.event"]  # type: ignore[attr-defined]
    assert [event["kind"] for event in told][-len(rows) :] == [row[0] for row in rows]
    for secret in (typed_wrong, "not the password", "nor this one", password, tokens.refresh_token):
        assert secret not in json.dumps(rows)
        assert secret not in json.dumps(told)
    # As a word: its letters are hexadecimal digits, and ids have many of those.
    assert not re.search(r"\bada\b", json.dumps([rows, told]))


async def test_a_logout_everywhere_is_one_event(auth: Any, database: str) -> None:
    tokens = [await auth.login() for _ in range(3)][-1]
    await auth.call(auth.auth.EndAllSessions, pb.EndAllSessionsRequest(), tokens)

    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT kind, actor = subject, details FROM audit_events ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
    assert row == ("session.all_ended", True, {"sessions": "3", "reason": "ended_by_user"})


async def test_an_event_tells_where_its_request_came_from(auth: Any, database: str) -> None:
    root = await auth.login("root")
    origin.comes_from("2001:db8::7")
    created = await auth.call(
        rpc.UserServiceStub(auth.channel).CreateUser,
        pb.CreateUserRequest(username="eve", password="a lighthouse in december", role=pb.ROLE_USER),
        root,
    )
    await auth.logout(root)

    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT kind, address FROM audit_events WHERE actor <> '' ORDER BY sequence"
        ).fetchall()
    assert created.user.id
    assert rows == [
        ("sign_in.succeeded", "192.0.2.7"),
        ("user.created", "2001:db8::7"),
        ("session.ended", "2001:db8::7"),
    ]

"""Nothing that opens a door is ever written down, at whatever level and whatever goes wrong."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from chassis.errors import ServiceError
from reliability.auth.v1 import auth_pb2 as pb


async def test_no_password_or_token_is_in_any_line_or_row(
    processes: Any, database: str, password: str, environ: dict[str, str], tmp_path: Path
):
    process = processes(database, LOG_LEVEL="debug")
    auth = await process.start()
    secrets = [password, environ["SECRET_KEY"], psycopg.conninfo.conninfo_to_dict(database)["password"]]
    wrong = "a wrong password, long enough"

    request = pb.LoginRequest(username="ada", password=password)
    answer = await auth.call(auth.auth.Login, request)
    pairs = [answer.tokens]
    for attempt in (auth.login("ada", wrong), auth.login(wrong, "x"), auth.refresh(wrong)):
        with pytest.raises(ServiceError):
            await attempt
    pairs += [await auth.refresh(pairs[-1].refresh_token) for _ in range(1)]
    pairs += [await auth.refresh(pairs[-1].refresh_token) for _ in range(1)]
    with pytest.raises(ServiceError):
        await auth.refresh(pairs[0].refresh_token)
    last = await auth.login()
    await auth.logout(last, last.refresh_token)
    with psycopg.connect(database, autocommit=True) as owner:
        # What breaks in the middle is logged with its trace, and the trace has arguments.
        owner.execute("ALTER TABLE sessions RENAME TO elsewhere")
    for attempt in (auth.login(), auth.refresh(last.refresh_token)):
        with pytest.raises(ServiceError):
            await attempt
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("ALTER TABLE users DROP COLUMN not_before CASCADE")
        owner.execute("ALTER TABLE elsewhere RENAME TO sessions")
    for attempt in (auth.login(), auth.refresh(last.refresh_token)):
        with pytest.raises(ServiceError):
            await attempt
    await process.close()

    for pair in (*pairs, last):
        secrets += [pair.access_token, pair.access_token.rpartition(".")[2]]
        secrets += [pair.refresh_token, pair.refresh_token.removeprefix("ars_rt_")]
    secrets += [wrong, answer.device_token]
    written = process.log.read_text()
    # Nor what the database knows of them.
    assert "[parameters" not in written
    assert "$2b$" not in written
    with psycopg.connect(database) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
            written += str(connection.execute(query).fetchall())
    assert "audit.event" in written
    assert "rpc.bug" in written
    assert [each for each in secrets if each in written] == []

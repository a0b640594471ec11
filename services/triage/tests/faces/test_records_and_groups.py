"""The stages on the command line: standard input to NDJSON, as a program of their own."""

import json
import subprocess
import sys
from typing import Any

LOG = (
    "plain\x1b[31m words\n"
    "2026-03-01 10:00:00,123 INFO [main] a.B - up\n"
    "2026-03-01 10:00:01,123 ERROR [main] a.B - order 17 of ann@example.com declined\n"
    "\tat a.B.c(B.java:1)\n"
    "2026-03-01 10:00:02,123 ERROR [main] a.B - order 18 of bob@example.com declined\n"
)


def face(*arguments: str, given: str = LOG) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "triage", *arguments],
        input=given.encode(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_records_tells_each_record_with_its_lines() -> None:
    rows = face("records")
    assert [(row["first_line"], row["last_line"], row["level"], row["is_error"]) for row in rows] == [
        (1, 1, None, False),
        (2, 2, "INFO", False),
        (3, 4, "ERROR", True),
        (5, 5, "ERROR", True),
    ]
    assert rows[2]["timestamp"] == "2026-03-01T10:00:01.123000+00:00"
    assert rows[2]["logger"] == "a.B"
    assert rows[2]["message"] == "order 17 of ann@example.com declined"
    assert rows[2]["text"].endswith("\tat a.B.c(B.java:1)")
    assert rows[0]["text"] == "plain words"


def test_records_can_be_the_errors_only() -> None:
    assert [row["first_line"] for row in face("records", "--errors")] == [3, 5]


def test_records_come_as_they_are_complete() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "triage", "records"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(b"10:00:00 ERROR a.B - one\n10:00:01 ERROR a.B - two\n")
        program.stdin.flush()
        assert json.loads(program.stdout.readline())["message"] == "one"
        program.stdin.close()
        assert json.loads(program.stdout.readline())["message"] == "two"


def test_groups_of_errors_alone_tells_each_records_group_and_then_the_groups_redacted() -> None:
    rows = face("groups", "--errors")
    assert [row["kind"] for row in rows] == ["record", "record", "group"]
    assert rows[0]["group"] == rows[1]["group"] == rows[2]["id"]
    assert (rows[0]["first_line"], rows[0]["last_line"]) == (3, 4)
    assert (rows[2]["count"], rows[2]["level"]) == (2, "ERROR")
    assert rows[2]["template"] == "order <*> of <*> declined"
    assert "example.com" not in json.dumps(rows)


def test_groups_tells_the_group_of_every_record() -> None:
    assert sum(row["kind"] == "record" for row in face("groups")) == 4


def test_an_empty_input_gives_nothing() -> None:
    assert face("records", given="") == []
    assert face("groups", given="") == []


def test_an_unknown_command_is_a_usage_error() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "triage", "sing"], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert b"invalid choice" in done.stderr


def test_a_face_does_not_pay_for_the_service() -> None:
    code = "import sys; import triage.__main__ as m; m.main(['records']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"", capture_output=True, check=True, timeout=60
    )
    assert not {"grpc", "openai", "redis", "aiohttp", "pydantic"} & set(done.stdout.decode().split())


def test_what_has_no_level_and_tells_of_no_failure_is_no_error() -> None:
    rows = face("groups", given="hello there\nconnection refused by peer\n")
    levels = {row["template"]: row["level"] for row in rows if row["kind"] == "group"}

    assert levels == {"hello there": "INFO", "connection refused by peer": "ERROR"}

"""`python -m triage summarize`: files and standard input, for people and programs, offline unless told."""

import asyncio
import gzip
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from triage.testing.fake_model import FakeModel

LINE = "2026-03-01T10:00:00.000Z ERROR shop: order 17 of mary.major@example.com failed: connection refused\n"
LOG = LINE * 20 + "2026-03-01T10:00:01.000Z INFO shop: up\n"


def triage(*arguments: str, given: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "triage", "summarize", *arguments],
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], "COLUMNS": "200", **env},
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_text(LOG)
    return path


def test_a_person_sees_what_failed_and_what_was_redacted(log: Path) -> None:
    done = triage(str(log))
    shown = done.stdout.decode()

    assert done.returncode == 0
    assert "20 errors in 1 group" in shown
    assert "<EMAIL_1>" in shown
    assert "mary.major" not in shown
    assert "Redacted: 20 email" in shown
    assert done.stderr == b"", "no progress bar where nobody looks"


def test_files_gzip_and_standard_input_are_one_log(log: Path, tmp_path: Path) -> None:
    packed = tmp_path / "old.log.gz"
    packed.write_bytes(gzip.compress(LOG.encode()))

    done = triage("--json", str(packed), str(log), "-", given=LOG.encode())
    answer = json.loads(done.stdout)

    assert answer["reading"]["errors"] == 60
    assert answer["reading"]["lines"] == 63
    assert answer["source"] == "extractive"
    assert answer["severity"] in ("low", "medium", "high", "critical")
    assert answer["groups"][0]["group"]["level"] == "error"


def test_a_preview_is_the_request_and_makes_none(log: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(0.05)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        done = triage("--preview", "--json", str(log), OPENAI_BASE_URL=url)
        with pytest.raises(TimeoutError):
            listening.accept()

    shown = json.loads(done.stdout)
    body = json.loads(shown["request_body"])
    assert shown["endpoint"] == f"{url}/chat/completions"
    assert "<EMAIL_1>" in body["messages"][1]["content"]
    assert "mary.major" not in shown["request_body"]


def test_without_a_model_a_preview_says_so_and_shows_what_one_would_be_sent(log: Path) -> None:
    shown = triage("--preview", str(log)).stdout
    assert b"No model is set" in shown
    assert b"<EMAIL_1>" in shown
    assert b"mary.major" not in shown


@pytest.mark.parametrize("arguments", [["/nowhere/app.log"], ["."]])
def test_a_file_that_cannot_be_read_is_one_sentence(arguments: list[str]) -> None:
    done = triage(*arguments)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().count("\n") == 1
    assert done.stderr.startswith(b"The log file cannot be read")


def test_a_wrong_setting_is_one_sentence_and_the_exit_status_says_so(log: Path) -> None:
    done = triage(str(log), OPENAI_BASE_URL="not an address")
    assert (done.returncode, done.stdout) == (78, b"")
    assert done.stderr.startswith(b"OPENAI_BASE_URL ")


async def test_where_a_model_is_set_it_is_asked(log: Path, fake: FakeModel) -> None:
    done = await asyncio.to_thread(triage, str(log), OPENAI_BASE_URL=fake.url)
    assert fake.calls == 1
    assert b"The service fails in the way its records describe" in done.stdout

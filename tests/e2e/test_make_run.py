"""`make run` as a person at a terminal sees it: one sentence where it cannot start, gone when told to."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from suite.places import ROOT
from suite.processes import deadline, family

pytestmark = pytest.mark.local


@contextmanager
def _runner(folder: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "GATEWAY_PORT": "0", **settings}
    process = subprocess.Popen(
        [sys.executable, "-m", "suite", "--folder", str(folder)],
        env=env,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _until_ready(process: subprocess.Popen[str]) -> str:
    """What it said until everything was up."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("Ready in"):
            return said
    pytest.fail(f"it never got ready:\n{said}\n{process.stderr.read() if process.stderr else ''}")


def _all_gone(members: list[psutil.Process]) -> bool:
    return any(
        all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in members)
        for _ in deadline(3)
    )


def _commands(said: str) -> str:
    """The commands of the banner, as somebody would paste them."""
    block = said.split("Paste these", 1)[1].split("\n\n")[1]
    return "\n".join(line.removeprefix("  ") for line in block.splitlines())


def test_what_it_prints_works_when_pasted_and_ctrl_c_ends_everything(server_folder: Path) -> None:
    with _runner(server_folder / "pasted") as runner:
        began = time.monotonic()
        said = _until_ready(runner)
        started = time.monotonic() - began
        pasted = subprocess.run(
            ["/bin/bash", "-c", _commands(said)], capture_output=True, text=True, timeout=60, check=False
        )
        assert '"role":"admin"' in pasted.stdout.replace(" ", "")
        assert "upstream" in pasted.stdout
        assert '"headline"' in pasted.stdout
        assert pasted.stdout.index("204\n") < pasted.stdout.rindex("401\n")

        members = family(runner.pid)[1:]
        assert len(members) >= 6
        began = time.monotonic()
        runner.send_signal(signal.SIGINT)
        assert runner.wait(10) == 0
        # On a machine with nothing else to do; on a busy one, no longer than it took to start.
        assert time.monotonic() - began < max(3, started)
        assert _all_gone(members)


def test_a_second_run_is_told_of_the_first_and_the_data_outlives_both(server_folder: Path) -> None:
    folder = server_folder / "twice"
    with _runner(folder) as first:
        said = _until_ready(first)
        with _runner(folder) as second:
            _, refusal = second.communicate(timeout=10)
        assert second.returncode == 1
        assert refusal.count("\n") == 1
        assert str(first.pid) in refusal
        first.send_signal(signal.SIGTERM)
        assert first.wait(10) == 0
    with _runner(folder) as again:
        account = [line for line in said.splitlines() if line.startswith("  Account")]
        assert [line for line in _until_ready(again).splitlines() if line.startswith("  Account")] == account


def test_a_taken_port_is_one_sentence(server_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with _runner(server_folder / "taken", GATEWAY_PORT=str(port)) as runner:
            _, refusal = runner.communicate(timeout=10)
    assert runner.returncode == 1
    assert refusal.count("\n") == 1
    assert f"Port {port}" in refusal


def test_a_service_that_dies_takes_the_rest_with_it_and_is_named(server_folder: Path) -> None:
    with _runner(server_folder / "dies") as runner:
        _until_ready(runner)
        members = family(runner.pid)[1:]
        triage = next(one for one in members if one.cmdline()[-2:] == ["-m", "triage"])
        triage.kill()
        _, obituary = runner.communicate(timeout=10)
        assert runner.returncode == 1
        assert "triage was killed by signal 9" in obituary
        assert _all_gone(members)


def test_a_faulty_setting_is_told_and_nothing_is_left(server_folder: Path) -> None:
    with _runner(server_folder / "faulty", BCRYPT_ROUNDS="a lot") as runner:
        _, refusal = runner.communicate(timeout=30)
    assert runner.returncode == 1
    assert "BCRYPT_ROUNDS" in refusal
    assert "Traceback" not in refusal


def test_a_runner_that_is_killed_leaves_nothing(server_folder: Path) -> None:
    with _runner(server_folder / "killed") as runner:
        _until_ready(runner)
        members = family(runner.pid)[1:]
        runner.kill()
        runner.wait(5)
        assert _all_gone(members)


def test_secrets_are_for_their_owner_only_and_no_argument(server_folder: Path) -> None:
    folder = server_folder / "private"
    with _runner(folder) as runner:
        _until_ready(runner)
        kept = [file for file in (folder / "secrets").rglob("*") if file.is_file()]
        assert len(kept) > 5
        assert {file.stat().st_mode & 0o077 for file in kept} == {0}
        secrets = {file.read_text(encoding="utf-8") for file in kept}
        lines = [" ".join(one.cmdline()) for one in family(runner.pid)]
        assert [line for line in lines if any(secret in line for secret in secrets)] == []

"""What `helm test` runs walks through a client's day, and says which step of it does not work."""

import asyncio
import sys
from pathlib import Path

import pytest

from suite.api import Api
from suite.plan import Account

pytestmark = pytest.mark.local


async def check(url: str, account: Path, *more: str) -> tuple[int | None, list[str]]:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "gateway.check", url, "--account", str(account), *more),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asyncio.wait_for(program.communicate(), 90)
    return program.returncode, said.decode().splitlines()


def written(folder: Path, account: Account) -> Path:
    (folder / "username").write_text(account.username)
    (folder / "password").write_text(account.password + "\n")
    return folder


async def test_an_installation_that_works_passes_every_step(api: Api, admin: Account, tmp_path: Path) -> None:
    status, said = await check(api.base_url, written(tmp_path, admin), "--triage")

    assert (status, [line.removeprefix("pass  ") for line in said]) == (
        0,
        [
            "keys are published",
            "no token, no entry",
            "login",
            "a token lets in",
            "refresh",
            "preview redacts",
            "logout",
        ],
    )


async def test_without_an_account_it_says_what_it_did_not_test(api: Api, tmp_path: Path) -> None:
    status, said = await check(api.base_url, tmp_path)

    assert status == 0
    assert said[-1].endswith("so signing in was not tested")


async def test_the_first_step_that_fails_is_told(api: Api, admin: Account, tmp_path: Path) -> None:
    stranger = Account(admin.username, "a password that is not theirs")

    status, said = await check(api.base_url, written(tmp_path, stranger))

    assert status == 1
    assert said[-1] == "fail  after: no token, no entry: 200 was expected, the answer was 401"


async def test_where_nobody_answers_it_fails_and_says_so(tmp_path: Path) -> None:
    status, said = await check("http://127.0.0.1:1", tmp_path)

    assert status == 1
    assert "no answer" in said[-1]

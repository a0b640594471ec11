"""SECRET_KEY changes while people sign in: nobody is locked out, and it shows when the old one may go."""

import os
import subprocess
import sys
from typing import Any

import psycopg
import pytest

from chassis.errors import Unauthenticated

NEXT = "Zp8mC2vK5xR1tY7wF4hJ9nL3qS6dG0bA-next-Zp8mC2vK5x"


def counted(url: str, key: str, previous: str = "") -> tuple[int, list[str]]:
    environ = {"PATH": os.environ["PATH"], "ENVIRONMENT": "test", "DATABASE_URL": url, "SECRET_KEY": key}
    if previous:
        environ["SECRET_KEY_PREVIOUS"] = previous
    done = subprocess.run(
        [sys.executable, "-m", "auth", "passwords"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, [line.split()[0] for line in done.stdout.splitlines()]


async def test_a_sign_in_moves_a_password_to_the_new_key_and_the_command_tells_who_is_left(
    replicas: Any, settings_for: Any, database: str
) -> None:
    old = settings_for(database).secret_key.get_secret_value()
    async with replicas(database, SECRET_KEY=NEXT, SECRET_KEY_PREVIOUS=old) as between:
        await between.login("ada")

    # Under the current key, under a previous one, imported, under none that is given, no hash at all.
    assert counted(database, NEXT, old) == (0, ["1", "1", "0", "0", "0"])
    assert counted(database, NEXT) == (1, ["1", "0", "0", "1", "0"])
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM signing_keys")
    async with replicas(database, SECRET_KEY=NEXT) as after:
        assert (await after.login("ada")).access_token
        with pytest.raises(Unauthenticated):
            await after.login("root")

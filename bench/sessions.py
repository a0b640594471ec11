"""fastapi-users on the same PostgreSQL: its sign-in, and its `/users/me`."""

import json
import os
import urllib.parse
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.edge import OTHERS
from bench.installation import Installation
from bench.load import get, post
from bench.servers.serving import running, uvicorn
from bench.signing_in import SignIns
from bench.workload import Workload, same
from suite import processes

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery staple"  # noqa: S105  # of a database that ends with the run
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Users:
    me: Workload
    sign_ins: SignIns


def fastapi_users(stack: ExitStack, folder: Path, there: Installation) -> Users:
    with psycopg.connect(there.suite.postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE others")
    port = processes.free_port()
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parent / "servers"),
        "DATABASE_URL": there.suite.postgres.url("others").replace("postgresql:", "postgresql+asyncpg:"),
        "SECRET": os.urandom(32).hex(),
        "EMAIL": EMAIL,
        "PASSWORD": PASSWORD,
    }
    server = stack.enter_context(
        running(uvicorn("users:app", port, str(OTHERS)), port, folder / "users", env)
    )
    host, form = (
        f"127.0.0.1:{port}",
        urllib.parse.urlencode({"username": EMAIL, "password": PASSWORD}).encode(),
    )
    with urllib.request.urlopen(f"http://{host}/login", form) as answer:  # loopback
        token = json.load(answer)["access_token"]
    me = get(host, "/me", {"Authorization": f"Bearer {token}"})
    pids = {"fastapi-users": server.pid}
    return Users(
        Workload("own routes", "fastapi-users /me", port, same(me), pids, there.postgres),
        SignIns(
            name="fastapi-users (argon2), /me meanwhile",
            port=port,
            request=post(host, "/login", form, FORM),
            probe=me,
            probed="/me",
            servers=pids,
            ours=False,
        ),
    )

"""What auth refuses to start with: every fault at once, one sentence each, within seconds."""

import asyncio
import os
import sys
import time
from typing import Any

import pytest

from auth.settings import AuthSettings

SOUND = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "kQ3vX8mZ1rT6yB9wF4hJ7nL2pS5dG0cAkQ3vX8mZ1rT6yB9w",
    "DATABASE_URL": "postgresql://auth:x@db.example/auth",
    "RATE_LIMIT_STORAGE_URI": "redis://redis.example:6379/0",
    "SERVICE_MESH_MTLS": "true",
}


def faults(**changes: str) -> list[str]:
    return AuthSettings.inspect({**SOUND, **changes})[1]


def test_a_sound_installation_has_none():
    assert faults() == []


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_database_may_be_named_in_each_usual_way(scheme: str):
    settings, found = AuthSettings.inspect({**SOUND, "DATABASE_URL": f"{scheme}://a:b@h/n"})

    assert found == []
    assert settings is not None
    assert settings.database.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "changeme"),
        ("SECRET_KEY", "short-but-random-8f3k"),
        ("SECRET_KEY", "a" * 64),
        ("SECRET_KEY_PREVIOUS", "changeme"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite:///auth.db"),
        ("DATABASE_URL", "mysql://a:b@h/n"),
        ("DATABASE_URL", "nonsense"),
        ("RATE_LIMIT_STORAGE_URI", "memory://"),
        ("RATE_LIMIT_STORAGE_URI", "async+memory://"),
        ("RATE_LIMIT_ENABLED", "false"),
        ("LOG_LEVEL", "debug"),
        ("SERVICE_MESH_MTLS", "false"),
        ("BCRYPT_ROUNDS", "6"),
        ("REFRESH_TOKEN_GRACE_SECONDS", "31"),
        ("TOKEN_ALGORITHM", "none"),
        ("SIGNING_KEY_LIFETIME_SECONDS", "300"),
        ("REFRESH_TOKEN_EXPIRY_DAYS", "7"),
    ],
)
def test_each_of_these_is_a_fault_that_is_named_and_not_repeated(name: str, value: str):
    found = faults(**{name: value})

    assert len(found) == 1
    assert name in found[0] or "gRPC" in found[0]
    assert found[0].endswith(".")
    assert len(value) < 6 or value not in found[0]


def test_the_demo_admin_is_refused_where_it_matters():
    demo = {"DEMO_USERNAME": "demo", "DEMO_PASSWORD": "a password that everybody knows"}

    assert len(faults(**demo)) == 1
    assert faults(**demo, ENVIRONMENT="development") == []
    assert len(faults(DEMO_USERNAME="demo", ENVIRONMENT="development")) == 1


async def test_a_process_with_every_fault_tells_them_all_and_is_gone_within_seconds():
    given: dict[str, Any] = {
        **os.environ,
        "ENVIRONMENT": "production",
        "SECRET_KEY": "changeme",
        "DATABASE_URL": "sqlite://",
        "RATE_LIMIT_STORAGE_URI": "memory://",
        "LOG_LEVEL": "debug",
        "DEMO_USERNAME": "demo",
        "DEMO_PASSWORD": "demo",
    }
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "auth"), stderr=asyncio.subprocess.PIPE, env=given
    )
    _, said = await asyncio.wait_for(process.communicate(), 20)

    assert process.returncode == 78
    assert time.monotonic() - began < 10
    assert len(said.decode().splitlines()) == 6

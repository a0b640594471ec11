"""Each service judges the settings of the place where it runs, and repeats none of them."""

import json
import os
import subprocess
import sys

import pytest

SECRET = "hunter2-is-too-short"
STRONG = "kQ3vX8mZ1rT6yB9wF4hJ7nL2pS5dG0cAkQ3vX8mZ1rT6yB9w"
SOUND = {
    "auth": {
        "SECRET_KEY": STRONG,
        "DATABASE_URL": "postgresql://auth:x@db.example/auth",
        "RATE_LIMIT_STORAGE_URI": "redis://redis.example:6379/0",
    },
    "triage": {"CIRCUIT_BREAKER_CACHE_URL": "redis://redis.example:6379/0"},
    "gateway": {"RATE_LIMIT_STORAGE_URI": "redis://redis.example:6379/0"},
}
BROKEN = {
    "auth": ({"SECRET_KEY": SECRET, "DATABASE_URL": f"sqlite:///{SECRET}"}, {"SECRET_KEY", "DATABASE_URL"}),
    "triage": ({"LOG_LEVEL": "debug", "TRIAGE_NONSENSE": SECRET}, {"LOG_LEVEL", "TRIAGE_NONSENSE"}),
    "gateway": ({"TRUSTED_HOSTS": "*", "GATEWAY_NONSENSE": SECRET}, {"TRUSTED_HOSTS", "GATEWAY_NONSENSE"}),
}


def settings(service: str, given: dict[str, str], *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", service, "settings", *more],
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize("service", SOUND)
def test_sound_settings_pass(service: str) -> None:
    given = {"ENVIRONMENT": "production", "SERVICE_MESH_MTLS": "true", **SOUND[service]}
    done = settings(service, given)

    assert done.returncode == 0, done.stdout + done.stderr
    assert all(line.startswith("pass  ") for line in done.stdout.splitlines())


@pytest.mark.parametrize("service", SOUND)
def test_an_environment_that_is_not_told_is_production(service: str) -> None:
    assert settings(service, {"SERVICE_MESH_MTLS": "true", **SOUND[service]}).returncode == 0


@pytest.mark.parametrize("service", BROKEN)
def test_every_fault_is_a_line_even_where_the_environment_forgives_it(service: str) -> None:
    broken, named = BROKEN[service]
    done = settings(service, {"ENVIRONMENT": "development", **SOUND[service], **broken}, "--json")

    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    failed = [finding for finding in said["findings"] if not finding["passed"]]
    assert said["service"] == service
    assert {word for word in named if any(word in finding["seen"] for finding in failed)} == named
    assert any(finding["item"] == "environment" for finding in failed)
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize("service", SOUND)
def test_a_word_it_does_not_know_is_refused(service: str) -> None:
    assert settings(service, {}, "--yaml").returncode == 2


@pytest.mark.parametrize("service", SOUND)
@pytest.mark.parametrize("words", [(), ("settings",)], ids=["alone", "settings"])
def test_help_is_given_by_every_service(service: str, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", service, *words, "--help"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: python -m {service}")
    assert "settings" in done.stdout

"""What the gateway refuses to start with, all of it told at once."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from gateway.settings import GatewaySettings

SOUND = {
    "ENVIRONMENT": "production",
    "TRUSTED_HOSTS": "api.example.com",
    "CORS_ALLOW_ORIGINS": "https://app.example.com",
    "RATE_LIMIT_STORAGE_URI": "rediss://:pw@redis.internal:6379/0",
    "SERVICE_MESH_MTLS": "true",
}
FAULTS = {
    "TRUSTED_HOSTS admits every name": {"TRUSTED_HOSTS": "api.example.com,*"},
    "TRUSTED_HOSTS is empty": {"TRUSTED_HOSTS": ""},
    "CORS_ALLOW_ORIGINS admits every origin": {"CORS_ALLOW_ORIGINS": "*"},
    "CORS_ALLOW_ORIGINS is * with": {"CORS_ALLOW_ORIGINS": "*", "CORS_ALLOW_CREDENTIALS": "true"},
    "TRUSTED_PROXIES trusts every address": {"TRUSTED_PROXIES": "10.0.0.0/8,0.0.0.0/0"},
    "RATE_LIMIT_STORAGE_URI does not name": {"RATE_LIMIT_STORAGE_URI": "async+memory://"},
    "CIRCUIT_BREAKER_CACHE_URL does not name": {"CIRCUIT_BREAKER_CACHE_URL": "memory://"},
    "RATE_LIMIT_ENABLED is false": {"RATE_LIMIT_ENABLED": "false"},
    "RATE_LIMIT_IN_MEMORY_FALLBACK_ENABLED would multiply": {"RATE_LIMIT_IN_MEMORY_FALLBACK_ENABLED": "true"},
    "CHAOS_ROUTES_ENABLED is true": {"CHAOS_ROUTES_ENABLED": "true"},
    "LOG_LEVEL is debug": {"LOG_LEVEL": "debug"},
    "gRPC would be plaintext": {"SERVICE_MESH_MTLS": "false"},
    "SECRET_KEY looks like a placeholder": {"SECRET_KEY": "change-me-please"},
    "IDENTITY_SECRET is shorter": {"IDENTITY_SECRET": "x9Q2"},
    "SECRET_KEY must be set": {"TOKEN_ALGORITHM": "HS256"},
    "MAX_HEADER_COUNT is above 100": {"GATEWAY_SERVER": "granian", "MAX_HEADER_COUNT": "101"},
    "RATE_LIMIT_LOGIN is wrong": {"RATE_LIMIT_LOGIN": "many"},
    "RATE_LIMT_ENABLED is not a setting": {"RATE_LIMT_ENABLED": "true"},
    "GATEWAY_PROT is not a setting": {"GATEWAY_PROT": "80"},
}


def test_sound_settings_have_no_fault() -> None:
    assert GatewaySettings.inspect(SOUND)[1] == []


@pytest.mark.parametrize("sentence", FAULTS)
def test_each_fault_is_one_sentence(sentence: str) -> None:
    _, faults = GatewaySettings.inspect(SOUND | FAULTS[sentence])

    assert [fault for fault in faults if fault.startswith(sentence)]


def test_a_fallback_that_knows_its_replicas_is_no_fault() -> None:
    given = SOUND | {"RATE_LIMIT_IN_MEMORY_FALLBACK_ENABLED": "true", "RATE_LIMIT_REPLICAS": "3"}

    assert GatewaySettings.inspect(given)[1] == []


def test_the_process_ends_at_once_with_every_fault_and_no_secret() -> None:
    together = SOUND | {"TRUSTED_HOSTS": "*", "RATE_LIMIT_ENABLED": "false", "SECRET_KEY": "hunter2"}
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "gateway"],
        env=together,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )

    assert ended.returncode == 78
    assert time.monotonic() - began < 3
    assert len(ended.stderr.splitlines()) == 3
    assert "hunter2" not in ended.stderr

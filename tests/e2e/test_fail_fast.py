"""In production a service with faulty settings ends within 3 s, one sentence per fault, no secret in it."""

import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

pytestmark = pytest.mark.local

SECRET = "Zk3vQ9pX7mL2sR8tW4yB6nC1dF5gH0jK-aEiOuqwe"
EX_CONFIG = 78
# A production that nothing is wrong with.
SOUND: Mapping[str, Mapping[str, str]] = {
    "auth": {
        "DATABASE_URL": "postgresql://auth:Vb8nM3kL0pQ5@db.internal:5432/auth",
        "SECRET_KEY": SECRET,
        "RATE_LIMIT_STORAGE_URI": "rediss://redis.internal:6379/0",
    },
    "gateway": {
        "RATE_LIMIT_STORAGE_URI": "rediss://redis.internal:6379/0",
        "TRUSTED_HOSTS": "api.example.com",
    },
    "triage": {"CIRCUIT_BREAKER_CACHE_URL": "rediss://redis.internal:6379/1"},
}
COMMON = {"ENVIRONMENT": "production", "SERVICE_MESH_MTLS": "true"}


@dataclass(frozen=True)
class End:
    status: int
    seconds: float
    sentences: tuple[str, ...]


def _spent_by_children() -> float:
    """Seconds of a core: what else this machine has to do is not the service's doing."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(service: str, settings: Mapping[str, str | None]) -> End:
    env = {"PATH": os.environ["PATH"], **COMMON, **SOUND[service]}
    env = {name: value for name, value in {**env, **settings}.items() if value is not None}
    before = _spent_by_children()
    ended = subprocess.run(
        [sys.executable, "-m", service], env=env, capture_output=True, text=True, timeout=20, check=False
    )
    return End(ended.returncode, _spent_by_children() - before, tuple(ended.stderr.splitlines()))


FAULTS: list[tuple[str, str, Mapping[str, str | None]]] = [
    ("auth", "SECRET_KEY", {"SECRET_KEY": "changeme-changeme-changeme-changeme"}),
    ("auth", "SECRET_KEY", {"SECRET_KEY": ""}),
    ("auth", "SECRET_KEY", {"SECRET_KEY": None}),
    ("auth", "SECRET_KEY", {"SECRET_KEY": "Zk3vQ9pX7mL2"}),
    ("auth", "SECRET_KEY", {"SECRET_KEY": "ab" * 32}),
    ("auth", "DATABASE_URL", {"DATABASE_URL": "sqlite:///auth.db"}),
    ("auth", "DATABASE_URL", {"DATABASE_URL": None}),
    ("auth", "RATE_LIMIT_STORAGE_URI", {"RATE_LIMIT_STORAGE_URI": "memory://"}),
    ("auth", "DEMO_USERNAME", {"DEMO_USERNAME": "demo", "DEMO_PASSWORD": "correct horse battery"}),
    ("auth", "gRPC", {"SERVICE_MESH_MTLS": None}),
    ("auth", "LOG_LEVEL", {"LOG_LEVEL": "debug"}),
    ("auth", "RATE_LIMIT_ENABLED", {"RATE_LIMIT_ENABLED": "false"}),
    ("auth", "BCRYPT_ROUND", {"BCRYPT_ROUND": "12"}),
    ("gateway", "RATE_LIMIT_STORAGE_URI", {"RATE_LIMIT_STORAGE_URI": "memory://"}),
    ("gateway", "RATE_LIMIT_STORAGE_URI", {"RATE_LIMIT_STORAGE_URI": "async+memory://"}),
    ("gateway", "CIRCUIT_BREAKER_CACHE_URL", {"CIRCUIT_BREAKER_CACHE_URL": "memory://"}),
    ("gateway", "TRUSTED_HOSTS", {"TRUSTED_HOSTS": "*"}),
    ("gateway", "CORS_ALLOW_ORIGINS", {"CORS_ALLOW_ORIGINS": "*", "CORS_ALLOW_CREDENTIALS": "true"}),
    ("gateway", "gRPC", {"SERVICE_MESH_MTLS": None}),
    ("gateway", "LOG_LEVEL", {"LOG_LEVEL": "debug"}),
    ("gateway", "RATE_LIMIT_ENABLED", {"RATE_LIMIT_ENABLED": "false"}),
    ("gateway", "FALLBACK", {"RATE_LIMIT_IN_MEMORY_FALLBACK_ENABLED": "true"}),
    ("triage", "CIRCUIT_BREAKER_CACHE_URL", {"CIRCUIT_BREAKER_CACHE_URL": "memory://"}),
    ("triage", "gRPC", {"SERVICE_MESH_MTLS": None}),
    ("triage", "LOG_LEVEL", {"LOG_LEVEL": "debug"}),
]


@pytest.mark.parametrize(
    ("service", "named", "settings"),
    FAULTS,
    ids=[f"{service}-{named}-{number}" for number, (service, named, _) in enumerate(FAULTS)],
)
def test_one_fault_is_one_sentence(service: str, named: str, settings: Mapping[str, str | None]) -> None:
    end = _run(service, settings)
    assert end.status == EX_CONFIG
    assert end.seconds < 3
    # One setting may be wrong in two ways; nothing else may be said to be.
    assert 1 <= len(end.sentences) <= 2
    for sentence in end.sentences:
        assert named in sentence
        assert sentence.endswith(".")
        for value in (*SOUND[service].values(), *settings.values()):
            assert value is None or len(value) < 8 or value not in sentence


@pytest.mark.parametrize("service", ["auth", "gateway", "triage"])
def test_all_faults_are_told_at_once(service: str) -> None:
    faults = {}
    named = set()
    for whose, name, settings in FAULTS:
        if whose == service and None not in settings.values() and not settings.keys() & faults.keys():
            faults |= settings
            named.add(name)
    end = _run(service, faults | {"SERVICE_MESH_MTLS": None})
    assert end.status == EX_CONFIG
    assert end.seconds < 3
    for name in named | {"gRPC"}:
        assert [sentence for sentence in end.sentences if name in sentence], name


@pytest.mark.parametrize("service", ["auth", "gateway", "triage"])
def test_staging_is_held_to_the_same(service: str) -> None:
    end = _run(service, {"ENVIRONMENT": "staging", "LOG_LEVEL": "debug"})
    assert end.status == EX_CONFIG
    assert [sentence for sentence in end.sentences if "LOG_LEVEL" in sentence]

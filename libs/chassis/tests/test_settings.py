import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, SecretStr

from chassis.settings import EX_CONFIG, CommaSeparated, ServiceSettings
from chassis.settings_faults import memory_storage, weak_secret

STRONG = "q8Vw2LzN0rXhT5yKc7Jd1BfGm4Pa9EsUo3Rti6Wx"


class Shop(ServiceSettings):
    namespaces = ("SHOP_",)

    shop_secret: SecretStr
    shop_size: int = Field(3, ge=1)
    trusted_doors: CommaSeparated = ()


DEVELOPMENT = {"ENVIRONMENT": "development", "SHOP_SECRET": STRONG}


def inspect(**changes: str | None) -> tuple[Shop | None, list[str]]:
    return Shop.inspect(
        {name: value for name, value in {**DEVELOPMENT, **changes}.items() if value is not None}
    )


def test_the_environment_fills_the_settings() -> None:
    settings, faults = inspect(SHOP_SIZE="7", TRUSTED_DOORS="front, back")
    assert faults == []
    assert settings is not None
    assert (settings.shop_size, settings.trusted_doors) == (7, ("front", "back"))


def test_a_file_of_the_lower_case_name_fills_a_setting_and_the_environment_beats_it(tmp_path: Path) -> None:
    (tmp_path / "shop_secret").write_text(STRONG + "\n")
    (tmp_path / "shop_size").write_text("9\n")
    settings, faults = inspect(SHOP_SECRET=None, SHOP_SIZE="4", SETTINGS_SECRETS_DIR=str(tmp_path))
    assert faults == []
    assert settings is not None
    assert settings.shop_secret.get_secret_value() == STRONG
    assert settings.shop_size == 4


def test_a_secrets_folder_that_is_named_but_absent_is_a_fault(tmp_path: Path) -> None:
    _, faults = inspect(SETTINGS_SECRETS_DIR=str(tmp_path / "nowhere"))
    assert faults == ["SETTINGS_SECRETS_DIR cannot be read: it is not a folder."]


def test_a_secret_file_that_is_not_text_is_a_fault_and_not_a_trace(tmp_path: Path) -> None:
    (tmp_path / "shop_secret").write_bytes(b"\xff\xfe" + bytes(40))
    assert inspect(SETTINGS_SECRETS_DIR=str(tmp_path)) == (
        None,
        ["SETTINGS_SECRETS_DIR holds a file that is not text in UTF-8."],
    )


@pytest.mark.parametrize("name", ["SHOP_SIZ", "SHOP_ANYTHING", "TRUSTED_DOOR", "ENVIRONMNT"])
def test_a_misspelt_or_unknown_name_is_a_fault(name: str) -> None:
    _, faults = inspect(**{name: "x"})
    assert len(faults) == 1
    assert faults[0].startswith(f"{name} is not a setting of this service")


@pytest.mark.parametrize("name", ["PATH_TO_NOWHERE", "RATE_LIMIT_ENABLED", "HOME"])
def test_a_name_that_is_nobody_of_ours_is_left_alone(name: str) -> None:
    assert inspect(**{name: "x"})[1] == []


def test_every_fault_is_told_at_once_and_none_repeats_a_value() -> None:
    settings, faults = inspect(SHOP_SIZE="surprise", SHOP_SECRET=None, SHOP_SIZES="1", ENVIRONMENT="moon")
    assert settings is None
    assert {fault.split(" ")[0] for fault in faults} == {
        "SHOP_SIZE",
        "SHOP_SECRET",
        "SHOP_SIZES",
        "ENVIRONMENT",
    }
    assert "surprise" not in "".join(faults)
    assert all(fault.endswith((".", "?")) for fault in faults)


def test_the_default_environment_is_production() -> None:
    settings, faults = inspect(ENVIRONMENT=None)
    assert settings is not None
    assert settings.hardened
    assert any("plaintext" in fault for fault in faults)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_hardened_environments_refuse_debug_logs_and_plaintext(environment: str) -> None:
    _, faults = inspect(ENVIRONMENT=environment, LOG_LEVEL="DEBUG")
    assert len(faults) == 2
    _, faults = inspect(ENVIRONMENT=environment, LOG_LEVEL="info", SERVICE_MESH_MTLS="true")
    assert faults == []


def test_mutual_tls_needs_its_three_files() -> None:
    _, faults = inspect(TLS_CERT_FILE="/nowhere/tls.crt")
    assert len(faults) == 2
    assert faults[0].startswith("TLS_KEY_FILE, TLS_CA_FILE must be set too")
    assert faults[1] == "TLS_CERT_FILE names a file that does not exist."


def test_a_wrong_setting_ends_the_process_with_one_line_per_fault() -> None:
    program = "from chassis.settings import ServiceSettings as S; S.load()"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "ENVIRONMENT": "production", "LOG_LEVEL": "debug"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == EX_CONFIG
    assert len(ended.stderr.splitlines()) == 2
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "value",
    [
        "",
        "   ",
        "changeme",
        "change-me-please-change-me-please-change-me",
        "your-secret-key-goes-here-replace-it-now",
        "Zq8-brief",
        "a" * 64,
        "abababababababababababababababababababab",
        "0123456789" * 4,
        "12345678901234567890123456789012",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "super-secret-key-1234567890-1234567890",
        "Zq8vW2Lz" * 5,
        # The key of a well-known tutorial.
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        STRONG[:31],
    ],
)
def test_a_weak_secret_is_named_without_being_repeated(value: str) -> None:
    sentence = weak_secret("SECRET_KEY", value)
    assert sentence is not None
    assert sentence.startswith("SECRET_KEY ")
    assert not value.strip() or value not in sentence


@given(st.binary(min_size=32, max_size=64))
def test_random_secrets_of_every_usual_alphabet_pass(seed: bytes) -> None:
    random = hashlib.sha512(seed).digest()
    for text in (random.hex()[:64], base64.b64encode(random).decode(), base64.b32encode(random).decode()):
        assert weak_secret("SECRET_KEY", text) is None


@pytest.mark.parametrize("uri", ["memory://", "async+memory://", "MEMORY://", "", "localhost:6379"])
def test_storage_in_memory_is_seen_under_any_scheme(uri: str) -> None:
    assert memory_storage("RATE_LIMIT_STORAGE_URI", uri) is not None


@pytest.mark.parametrize("uri", ["redis+sentinel://h/p", "async+redis+cluster://h"])
def test_storage_of_several_servers_is_refused_for_what_it_is(uri: str) -> None:
    assert "Sentinel or Cluster" in str(memory_storage("RATE_LIMIT_STORAGE_URI", uri))


@pytest.mark.parametrize(
    "uri", ["redis://h:6379/0", "rediss://h", "async+redis://h", "unix:///run/redis.sock"]
)
def test_shared_storage_passes(uri: str) -> None:
    assert memory_storage("RATE_LIMIT_STORAGE_URI", uri) is None

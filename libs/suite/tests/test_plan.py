"""Each service is told what is its own; ports and secrets are where they were said to be."""

from pathlib import Path

import pytest

from suite import lock, plan
from suite.kept import Kept
from suite.lock import AlreadyRuns
from suite.plan import Ports


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "secrets")


def _told(service: str, given: dict[str, str], kept: Kept) -> dict[str, str]:
    return plan.environment(
        service, given=given, defaults={"GRPC_BIND": "127.0.0.1:7"}, secrets={"SECRET_KEY": "s"}, kept=kept
    )


def test_without_a_word_it_is_8000_and_the_one_above() -> None:
    assert plan.ports({}) == Ports(8000, 8001)


def test_the_internal_port_follows_the_public_one_unless_told() -> None:
    assert plan.ports({"GATEWAY_PORT": "9100"}) == Ports(9100, 9101)
    assert plan.ports({"GATEWAY_PORT": "9100", "GATEWAY_INTERNAL_PORT": "7"}) == Ports(9100, 7)


def test_zero_is_any_two_free_ports() -> None:
    ports = plan.ports({"GATEWAY_PORT": "0"})
    assert ports.public != ports.internal
    assert 0 not in (ports.public, ports.internal)


@pytest.mark.parametrize("text", ["", "http", "-1", "65536", "8000.5", "٣"])
def test_what_is_no_port_is_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="GATEWAY_PORT is not a port"):
        plan.ports({"GATEWAY_PORT": text})


def test_two_equal_ports_are_a_sentence() -> None:
    with pytest.raises(ValueError, match="choose two"):
        plan.ports({"GATEWAY_PORT": "9100", "GATEWAY_INTERNAL_PORT": "9100"})


def test_a_setting_that_was_given_beats_ours(kept: Kept) -> None:
    assert _told("auth", {}, kept)["ENVIRONMENT"] == "development"
    assert _told("auth", {"ENVIRONMENT": "test"}, kept)["ENVIRONMENT"] == "test"


def test_a_service_is_not_told_what_is_another_services(kept: Kept) -> None:
    given = {"OPENAI_API_KEY": "k", "DEMO_PASSWORD": "d", "DATABASE_URL": "u", "BCRYPT_ROUNDS": "4"}
    assert {"OPENAI_API_KEY", "DEMO_PASSWORD", "DATABASE_URL"}.isdisjoint(_told("gateway", given, kept))
    assert "OPENAI_API_KEY" not in _told("auth", given, kept)
    assert _told("auth", given, kept)["DEMO_PASSWORD"] == "d"
    assert _told("triage", given, kept)["OPENAI_API_KEY"] == "k"


def test_where_a_service_listens_is_not_for_the_environment_to_say(kept: Kept) -> None:
    assert _told("auth", {"GRPC_BIND": "0.0.0.0:1"}, kept)["GRPC_BIND"] == "127.0.0.1:7"


def test_secrets_go_by_file_and_not_by_environment(kept: Kept) -> None:
    told = _told("auth", {}, kept)
    assert "SECRET_KEY" not in told
    assert (Path(told["SETTINGS_SECRETS_DIR"]) / "secret_key").read_text(encoding="utf-8") == "s"
    assert told["SETTINGS_SECRETS_DIR"] != _told("gateway", {}, kept)["SETTINGS_SECRETS_DIR"]


def test_a_secret_is_made_up_once_and_is_for_its_owner_only(kept: Kept) -> None:
    secret = kept.secret("a")
    assert kept.secret("a") == secret
    assert kept.secret("b") != secret
    assert len(secret) >= 32
    assert (kept.folder / "a").stat().st_mode & 0o777 == 0o600
    assert kept.folder.stat().st_mode & 0o777 == 0o700


def test_one_holds_the_lock_and_the_other_is_told_who(tmp_path: Path) -> None:
    with (
        lock.held(tmp_path / "lock"),
        pytest.raises(AlreadyRuns, match="process"),
        lock.held(tmp_path / "lock"),
    ):
        pytest.fail("two hold it")
    with lock.held(tmp_path / "lock"):
        pass

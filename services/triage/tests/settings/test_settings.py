"""What triage refuses to start with, one sentence each, all at once, and never with the value in it."""

from pathlib import Path

import pytest

from triage.settings import Settings

STRONG = "q8Zr2vJm6XcW9sKd4TnB7yHf3LpG5aUe1RxCwVhQ"
GOOD = {
    "ENVIRONMENT": "production",
    "SERVICE_MESH_MTLS": "true",
    "CIRCUIT_BREAKER_CACHE_URL": "rediss://cache:6379/0",
    "OPENAI_API_KEY": f"sk-{STRONG}",
}


def faults(**changes: str | None) -> list[str]:
    given = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return Settings.inspect(given)[1]


def test_a_good_installation_has_no_fault() -> None:
    assert faults() == []
    assert faults(OPENAI_API_KEY=None) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"CIRCUIT_BREAKER_CACHE_URL": None}, "CIRCUIT_BREAKER_CACHE_URL"),
        ({"CIRCUIT_BREAKER_CACHE_URL": "memory://"}, "CIRCUIT_BREAKER_CACHE_URL"),
        ({"CIRCUIT_BREAKER_CACHE_URL": "async+memory://x"}, "CIRCUIT_BREAKER_CACHE_URL"),
        ({"OPENAI_API_KEY": "your-api-key-goes-here-changeme"}, "OPENAI_API_KEY"),
        ({"OPENAI_API_KEY": ""}, "OPENAI_API_KEY"),
        ({"SECRET_KEY": "secret"}, "SECRET_KEY"),
        ({"LOG_LEVEL": "debug"}, "LOG_LEVEL"),
        ({"SERVICE_MESH_MTLS": "false"}, "gRPC would be plaintext"),
        ({"TRIAGE_SOURCE": "file"}, "TRIAGE_LOG_FILE"),
        ({"TRIAGE_SOURCE": "loki"}, "TRIAGE_LOKI_URL"),
        ({"OPENAI_BASE_URL": "ftp://model"}, "OPENAI_BASE_URL"),
        ({"OPENAI_BASE_URL": "https://user:pass@model/v1"}, "OPENAI_BASE_URL"),
        ({"TRIAGE_DAILY_COST": "5"}, "TRIAGE_DAILY_COST"),
        ({"TOKEN_ALGORITHM": "HS256"}, "SECRET_KEY"),
        ({"TRIAGE_WORKERS": "many"}, "TRIAGE_WORKERS"),
        ({"TRIAGE_LOGFILE": "/var/log/app.log"}, "TRIAGE_LOGFILE"),
        ({"OPENAI_BASEURL": "https://model/v1"}, "OPENAI_BASEURL"),
        ({"TRIAGE_REDACTION_RULES_FILE": "/nowhere/rules.toml"}, "TRIAGE_REDACTION_RULES_FILE"),
    ],
)
def test_each_fault_is_one_sentence_that_names_the_setting(changes: dict[str, str | None], told: str) -> None:
    found = faults(**changes)

    assert len(found) == 1
    assert told in found[0]
    assert found[0].endswith(".")


def test_a_key_may_not_cross_the_network_in_the_clear() -> None:
    assert "OPENAI_BASE_URL" in faults(SERVICE_MESH_MTLS="false", OPENAI_BASE_URL="http://model/v1")[-1]
    assert faults(OPENAI_BASE_URL="http://model/v1") == []
    assert faults(OPENAI_BASE_URL="http://127.0.0.1:8080/v1") == []


def test_all_faults_are_told_at_once_and_no_value_is() -> None:
    found = faults(
        CIRCUIT_BREAKER_CACHE_URL="memory://s3cr3t",
        OPENAI_API_KEY="placeholder-s3cr3t-key-xxxx",
        LOG_LEVEL="debug",
        TRIAGE_SOURCE="file",
    )

    assert len(found) == 4
    assert "s3cr3t" not in "".join(found)


def test_rules_that_do_not_prove_themselves_are_refused_at_the_start(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nid = "x-y"\ndescription = "x"\nkind = "X"\npattern = "abc"\nmatches = ["nothing"]\n'
    )

    found = faults(TRIAGE_REDACTION_RULES_FILE=str(rules))

    assert len(found) == 1
    assert "x-y" in found[0]


def test_in_development_nothing_of_that_is_asked_for() -> None:
    settings, found = Settings.inspect({"ENVIRONMENT": "development"})

    assert found == []
    assert settings is not None
    assert not settings.model_configured
    assert settings.model_endpoint == ""


def test_a_key_alone_means_openais_own_endpoint() -> None:
    settings, _ = Settings.inspect({"ENVIRONMENT": "development", "OPENAI_API_KEY": "sk-x"})
    assert settings is not None
    assert settings.model_endpoint == "https://api.openai.com/v1"
    assert "sk-x" not in repr(settings)

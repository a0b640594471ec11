"""Nothing leaves while a second look still finds something."""

import json

import pytest

from triage.domain.model import Raw
from triage.domain.redaction import Redactor, built_in
from triage.domain.redaction.guard import Finding, Guard, UnsafeToSend

SCHEMA = {
    "type": "object",
    "properties": {
        "severity": {"enum": ["low", "high"]},
        "token": {"type": "string"},
        "groups": {"items": {"type": "string"}},
    },
    "required": ["severity"],
    "additionalProperties": False,
}
LOG = 'password=Zq7xK2m9q from 10.0.0.1\n{"authorization": "Bearer k3j4h5g6f7", "msg": "jane@mail.test"}'


def _body(log: str) -> bytes:
    return json.dumps(
        {
            "model": "any",
            "max_tokens": 512,
            "messages": [
                {"role": "system", "content": "Summarise."},
                {"role": "user", "content": json.dumps({"g": log})},
            ],
            "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA}},
        }
    ).encode()


@pytest.fixture
def guard() -> Guard:
    return Guard(built_in())


def test_a_redacted_request_passes(guard: Guard) -> None:
    assert guard.scan(_body(Redactor(built_in()).redact(Raw(LOG)))) == ()


def test_an_unredacted_request_does_not(guard: Guard) -> None:
    found = {finding.rule for finding in guard.scan(_body(LOG))}

    assert {"key-password", "ipv4", "key-authorization", "email"} <= found


@pytest.mark.parametrize("line", LOG.split("\n")[:2])
def test_one_line_is_enough(guard: Guard, line: str) -> None:
    with pytest.raises(UnsafeToSend) as refused:
        guard.check(_body("fine\n" + line))

    assert "Zq7xK2m9q" not in str(refused.value)
    assert "jane" not in str(refused.value)


def test_a_secret_is_found_as_the_plain_value_of_a_field(guard: Guard) -> None:
    assert guard.scan(json.dumps({"a": [{"password": "Zq7xK2m9q"}]}))


def test_a_secret_is_found_in_the_name_of_a_field(guard: Guard) -> None:
    assert guard.scan(json.dumps({"jane@mail.test": 1}))


def test_what_is_not_json_is_looked_at_as_text(guard: Guard) -> None:
    assert guard.scan("fine\nfrom 10.0.0.1") == (Finding("ipv4", 2),)
    assert guard.scan(b"\xff\xfe from 10.0.0.1") == (Finding("ipv4", 1),)
    assert guard.scan("[" * 5000 + " 10.0.0.1") == (Finding("ipv4", 1),)


def test_a_document_deeper_than_is_walked_is_still_looked_at(guard: Guard) -> None:
    body = "[" * 80 + '"from 10.0.0.1"' + "]" * 80

    assert guard.scan(body)

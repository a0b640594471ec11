"""An operator's rules and allowances are taken whole or refused with one sentence."""

import json

import pytest

from triage.domain.model import Raw
from triage.domain.redaction import Redactor
from triage.domain.redaction.extra import RulesRefused, parsed

GOOD = """
[[rule]]
id = "acme-ticket"
description = "Ticket numbers"
kind = "TICKET"
pattern = 'ACME-[0-9]{6}'
keywords = ["ACME-"]
validator = "word"
matches = ["see ACME-481516 now"]
ignores = ["see ACME-48", "xACME-481516"]

[[allow]]
value = "10.0.0.1"
rule = "ipv4"
reason = "the load balancer"

[[allow]]
pattern = '[a-z]+@status\\.test'
reason = "robots"
"""


def _redacted(text: str) -> str:
    return Redactor(parsed(GOOD, "rules.toml").rule_set()).redact(Raw(text))


def test_an_extra_rule_redacts_beside_the_built_in_ones() -> None:
    assert _redacted("ACME-481516 from 10.0.0.2") == "<TICKET_1> from <IPV4_1>"


def test_an_allowed_value_stays_and_only_for_its_rule() -> None:
    assert _redacted("from 10.0.0.1 by bot@status.test") == "from 10.0.0.1 by bot@status.test"
    assert _redacted("password=10.0.0.1") == "password=<PASSWORD_1>"
    assert _redacted("by jane@mail.test") == "by <EMAIL_1>"


def test_json_says_the_same() -> None:
    rule = {"id": "acme", "description": "d", "kind": "K", "pattern": "ACME-[0-9]+", "matches": ["ACME-1"]}
    extra = parsed(json.dumps({"rule": [rule]}), "rules.json")

    assert [one.id for one in extra.rules] == ["acme"]


def test_an_empty_file_adds_nothing() -> None:
    assert parsed("", "rules.toml").rules == ()


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("[[rule]]", "[[rules]]", "unknown field 'rules'"),
        ("[[rule]]", "[[rule", "not valid TOML"),
        ('id = "acme-ticket"', "", "`id` is missing"),
        ('id = "acme-ticket"', 'id = "Acme Ticket"', "`id` must be lower-case"),
        ('id = "acme-ticket"', 'id = "email"', "'email' is taken"),
        ('kind = "TICKET"', 'kind = "ticket"', "`kind` must be upper-case"),
        ('kind = "TICKET"', 'kind = "TICKET"\ncolour = "red"', "'colour' is unknown"),
        ("'ACME-[0-9]{6}'", "'ACME-(?=x)'", "is no RE2 expression"),
        ("'ACME-[0-9]{6}'", "'(ACME-)*'", "matches the empty string"),
        ("'ACME-[0-9]{6}'", "7", "`pattern` must be a string"),
        ('keywords = ["ACME-"]', 'keywords = "ACME-"', "`keywords` must be a list of strings"),
        ('validator = "word"', 'validator = "magic"', "`validator` must be one of"),
        ('matches = ["see ACME-481516 now"]', "", "needs at least one example"),
        ("see ACME-481516 now", "see ACME-4", "finds nothing in one of its own `matches`"),
        (
            'ignores = ["see ACME-48"',
            'ignores = ["see ACME-481517"',
            "finds something in one of its own `ignores`",
        ),
        ('reason = "robots"', "", "`reason` is missing"),
        ('reason = "robots"', 'reason = "robots"\nvalue = "x"', "give either `value` or `pattern`"),
        ('rule = "ipv4"', 'rule = "ipv5"', "there is no rule 'ipv5'"),
    ],
)
def test_a_bad_file_is_refused_with_one_sentence(was: str, now: str, said: str) -> None:
    assert was in GOOD
    with pytest.raises(RulesRefused) as refused:
        parsed(GOOD.replace(was, now), "rules.toml")

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_list_where_tables_belong_is_refused() -> None:
    with pytest.raises(RulesRefused, match="must hold the lists"):
        parsed("[]", "rules.json")
    with pytest.raises(RulesRefused, match="must be a list of tables"):
        parsed('{"rule": [7]}', "rules.json")

"""A finder that is not asked would have found nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.domain.redaction.looks import Look
from triage.domain.redaction.rule import Hit, Rule, compiled, signs_told
from triage.domain.redaction.rules import BUILT_IN
from triage.domain.redaction.scan import STRUCTURES

EXAMPLES = [line for rule in BUILT_IN for line in (*rule.matches, *rule.ignores)]
PIECES = sorted({piece for line in EXAMPLES for piece in line.replace("=", " = ").split(" ")})


def _unsought(look: Look, text: str) -> list[Hit]:
    """What the finder finds although its sign is not there."""
    raw = text.encode()
    return [] if compiled(look.sign).search(raw) else list(look.find(raw))


@pytest.mark.parametrize("look", STRUCTURES, ids=lambda look: look.find.__name__)
def test_a_sign_stands_in_every_example_in_which_something_is_found(look: Look) -> None:
    assert [line for line in EXAMPLES if _unsought(look, line) or _unsought(look, line.upper())] == []


@pytest.mark.parametrize("look", STRUCTURES, ids=lambda look: look.find.__name__)
def test_every_finder_finds_something_in_an_example(look: Look) -> None:
    assert any(list(look.find(line.encode())) for line in EXAMPLES)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*PIECES, " ", "\t", "=", ":", '"', "'", "\\", "(", ")", ","]), max_size=8))
def test_a_sign_stands_in_whatever_examples_are_mixed_to(pieces: list[str]) -> None:
    for text in ("".join(pieces), " ".join(pieces)):
        assert [look.sign for look in STRUCTURES if _unsought(look, text)] == []


@pytest.mark.parametrize(
    "rule", [rule for rule in BUILT_IN if rule.sign], ids=lambda rule: getattr(rule, "id", None)
)
def test_the_sign_of_a_rule_stands_in_its_examples(rule: Rule) -> None:
    assert all(compiled(rule.sign.encode()).search(line.encode()) for line in rule.matches)


def test_the_signs_together_tell_what_each_tells_alone() -> None:
    together = signs_told([look.sign for look in STRUCTURES])

    for line in EXAMPLES:
        alone = [place for place, look in enumerate(STRUCTURES) if compiled(look.sign).search(line.encode())]
        assert sorted(together.Match(line.encode()) or ()) == alone

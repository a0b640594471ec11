"""Redaction: nothing secret and nobody's personal data leaves in a text that came through here."""

from functools import cache

from triage.domain.model import Raw, Redacted
from triage.domain.redaction.redactor import Redactor, RuleSet
from triage.domain.redaction.report import Report

__all__ = ["Redactor", "Report", "RuleSet", "built_in", "redact"]


@cache
def built_in() -> RuleSet:
    """The rules without any operator's additions, compiled on first use."""
    return RuleSet.of()


def redact(text: str) -> Redacted:
    """One text by the built-in rules, as a request of its own."""
    return Redactor(built_in()).redact(Raw(text))

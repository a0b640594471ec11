"""A model's words through redaction once more, on their way in: what it made up, nobody should read."""

from dataclasses import replace

from triage.domain.cite import Verified
from triage.domain.model import Finding, Raw, Redacted
from triage.domain.redaction import Redactor, RuleSet


def scrubbed(verified: Verified, rules: RuleSet) -> Verified:
    """The same answer with every text redacted; quotes are the log's own, redacted words and stay."""
    redactor = Redactor(rules)

    def again(text: str) -> Redacted:
        return redactor.redact(Raw(text))

    def finding(found: Finding) -> Finding:
        return replace(
            found,
            title=again(found.title),
            explanation=again(found.explanation),
            next_step=again(found.next_step),
        )

    findings = tuple(finding(found) for found in verified.findings)
    headline = None if verified.headline is None else again(verified.headline)
    return replace(verified, headline=headline, findings=findings)

"""A model's words through redaction, on their way in: what it made up, nobody should read or keep."""

from triage.domain.cite import Claim, Draft
from triage.domain.model import Raw
from triage.domain.redaction import Redactor, RuleSet


def scrubbed(draft: Draft, rules: RuleSet) -> Draft:
    """The same draft with every text redacted. A quote of redacted words is left as it is."""
    redactor = Redactor(rules)

    def again(text: str) -> str:
        return redactor.redact(Raw(text))

    return Draft(
        headline=again(draft.headline),
        claims=tuple(
            Claim(
                title=again(claim.title),
                explanation=again(claim.explanation),
                severity=claim.severity,
                next_step=again(claim.next_step),
                citations=tuple((group_id, again(quote)) for group_id, quote in claim.citations),
            )
            for claim in draft.claims
        ),
    )

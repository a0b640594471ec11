"""A model's claims, held against the evidence: what does not hold is dropped, and counted by reason."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from triage.domain import severity
from triage.domain.injection import WITHHELD, addresses_reader
from triage.domain.model import Citation, Finding, Group, Redacted, Severity
from triage.domain.prose import fault_of

_WITHHELD_QUOTE: Final = 120


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding as a model stated it, before anything is believed."""

    title: str
    explanation: str
    severity: str
    next_step: str
    citations: tuple[tuple[str, str], ...]
    """Group id and quote."""


@dataclass(frozen=True, slots=True)
class Draft:
    headline: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    headline: Redacted | None
    """None where the model's own did not hold."""
    findings: tuple[Finding, ...]
    """Empty where nothing that can be used is left."""
    dropped: Mapping[str, int]


def verify(draft: Draft, groups: Sequence[Group]) -> Verified:
    """What of `draft` the groups prove; `groups` are worst first and those the model was shown.

    Severity is always the evidence's own: a claim of less is dropped and said,
    a claim of more is not taken over. An answer that passes over the worst
    group is not used at all.
    """
    known = {group.id: group for group in groups}
    dropped: Counter[str] = Counter()
    findings = [found for claim in draft.claims if (found := _finding(claim, known, dropped))]
    worst = groups[0].id if groups else ""
    if not any(cited.group_id == worst for found in findings for cited in found.citations):
        dropped["worst_group_missing"] += 1
        return Verified(None, (), dict(dropped))
    findings.sort(key=lambda found: (-found.severity, all(c.group_id != worst for c in found.citations)))
    headline: Redacted | None = Redacted(draft.headline)
    if reason := fault_of(draft.headline, cited=[groups[0]], others=groups[1:]):
        dropped[f"headline_{reason}"] += 1
        headline = None
    return Verified(headline, tuple(findings), dict(dropped))


def _finding(claim: Claim, known: Mapping[str, Group], dropped: Counter[str]) -> Finding | None:
    citations = tuple(_citations(claim, known, dropped))
    if not citations:
        dropped["finding_without_evidence"] += 1
        return None
    cited = [known[citation.group_id] for citation in citations]
    others = [group for group in known.values() if group not in cited]
    for text in (claim.title, claim.explanation):
        if reason := fault_of(text, cited=cited, others=others):
            dropped[reason] += 1
            return None
    floor = max(severity.of_group(group) for group in cited)
    if _stated(claim.severity) < floor:
        dropped["severity_below_floor"] += 1
    finding = Finding(
        Redacted(claim.title), Redacted(claim.explanation), floor, citations, Redacted(claim.next_step)
    )
    if claim.next_step and (reason := fault_of(claim.next_step, cited=cited, others=others)):
        dropped[f"next_step_{reason}"] += 1
        return replace(finding, next_step=Redacted(""))
    return finding


def _citations(claim: Claim, known: Mapping[str, Group], dropped: Counter[str]) -> list[Citation]:
    held = []
    for group_id, quote in claim.citations:
        group = known.get(group_id)
        if group is None:
            dropped["unknown_group"] += 1
        elif quote.strip() == WITHHELD and addresses_reader(f"{group.template}\n{group.example}"):
            held.append(Citation(group_id, Redacted(group.template[:_WITHHELD_QUOTE])))
        elif not quote.strip() or (quote not in group.example and quote not in group.template):
            dropped["quote_not_found"] += 1
        else:
            held.append(Citation(group_id, Redacted(quote)))
    return held


def _stated(word: str) -> Severity:
    return Severity.__members__.get(word.upper(), Severity.NONE)

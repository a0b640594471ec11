"""The answer as one whole: what the records prove, and what a model could add to it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from triage.domain.answer import Explanation, GroupReport, Summary
from triage.domain.model import Reading
from triage.domain.reading import Digest
from triage.domain.summaries import Extract, FirstCause, render, summarize

_GROUPS_TOLD: Final = 100


def composed(digest: Digest, explanation: Explanation, *, id_: str, created_at: datetime) -> Summary:
    """Severity, groups and their order come from the records alone, whatever a model said."""
    extract = summarize(digest.groups)
    return Summary(
        id=id_,
        created_at=created_at,
        source=explanation.source,
        age_seconds=explanation.age_seconds,
        stale=explanation.stale,
        severity=extract.severity,
        headline=explanation.headline or extract.headline,
        text="\n".join(_text(extract, explanation, digest.reading)),
        findings=explanation.findings,
        groups=tuple(
            GroupReport(
                group=seen.group,
                root_cause=seen.root_cause,
                hint=f"{seen.hint.title}: {seen.hint.advice}" if seen.hint else "",
                rate_per_minute=seen.rate or 0.0,
            )
            for seen in extract.observations[:_GROUPS_TOLD]
        ),
        suspected_first_cause=_first(extract.first_cause),
        reading=digest.reading,
        redactions=digest.redactions,
        dropped=explanation.dropped,
        model=explanation.use,
    )


def _first(cause: FirstCause | None) -> str:
    return f"{cause.group_id}: {cause.reason}" if cause else ""


def _text(extract: Extract, explanation: Explanation, reading: Reading) -> Iterator[str]:
    """What was counted and quoted, then what a model made of it, then what is missing."""
    yield render(extract)
    if explanation.findings:
        age = f", {explanation.age_seconds:.0f} s old" if explanation.age_seconds else ""
        yield f"\nExplained ({explanation.source}{age}; quotes verified, words not):"
    for finding in explanation.findings:
        cited = ", ".join(dict.fromkeys(citation.group_id for citation in finding.citations))
        yield f"- {finding.title} [{finding.severity.name}, {cited}]\n  {finding.explanation}"
        if finding.next_step:
            yield f"  Next: {finding.next_step}"
    for line in left_out(reading):
        yield f"\n{line}"


def left_out(reading: Reading) -> Iterator[str]:
    """One sentence for each way in which this is not everything."""
    if reading.input_truncated:
        yield "The log was longer than what could be read; part of it is left out."
    if reading.lines_truncated:
        yield f"{reading.lines_truncated:,} lines or records were longer than what is kept of them."
    if reading.groups_overflowed:
        yield f"{reading.groups_overflowed:,} records did not fit into the groups and are counted together."

"""Groups to the extractive summary: the answer that is always there, model or no model."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from triage.domain.model import Group, Redacted
from triage.domain.records.chain import root_cause
from triage.domain.summaries.cause import suspect
from triage.domain.summaries.hints import hint_for
from triage.domain.summaries.model import Extract, Observation
from triage.domain.summaries.severity import floor

_HINTED: Final = 200
_SHORT: Final = 110
_MINUTE: Final = 60.0


def summarize(groups: Sequence[Group]) -> Extract:
    """The summary of these groups, in their order; pure and deterministic."""
    records = sum(group.count for group in groups)
    observations = tuple(
        _observation(group, records, hinted=place < _HINTED) for place, group in enumerate(groups)
    )
    begin = min((group.first_seen for group in groups if group.first_seen), default=None)
    end = max((group.last_seen for group in groups if group.last_seen), default=None)
    rate = per_minute(records, begin, end)
    severity, reason = floor(observations)
    return Extract(
        headline=_headline(observations, records, begin, end, rate),
        severity=severity,
        severity_reason=reason,
        records=records,
        observations=observations,
        begin=begin,
        end=end,
        rate=rate,
        first_cause=suspect(observations),
    )


def per_minute(count: int, begin: datetime | None, end: datetime | None) -> float | None:
    """None where fewer than two instants are known; a burst within a second counts as one second."""
    if begin is None or end is None or count < 2:  # noqa: PLR2004 - one record has no rate
        return None
    return count * _MINUTE / max((end - begin).total_seconds(), 1.0)


def short(text: str, limit: int = _SHORT) -> str:
    """The first line, cut at `limit` characters."""
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= limit else line[: limit - 3] + "..."


def _observation(group: Group, records: int, *, hinted: bool) -> Observation:
    cause = root_cause(group.example)
    # The cause speaks before the message that wraps it, and both before the frames of the trace.
    hint = (hint_for(cause) if cause else None) or (
        hint_for(f"{group.template}\n{group.example}") if hinted else None
    )
    return Observation(
        group=group,
        share=group.count / records if records else 0.0,
        rate=per_minute(group.count, group.first_seen, group.last_seen),
        root_cause=Redacted(cause),
        hint=hint,
    )


def _headline(
    observations: tuple[Observation, ...],
    records: int,
    begin: datetime | None,
    end: datetime | None,
    rate: float | None,
) -> Redacted:
    if not observations:
        return Redacted("No errors found")
    largest = max(observations, key=lambda observation: observation.group.count)
    told = largest.hint.title.lower() if largest.hint else f"'{short(largest.group.template, 70)}'"
    where = f" in {short(largest.group.logger, 50)}" if largest.group.logger else ""
    return Redacted(
        f"{_counted(records, 'error')} in {_counted(len(observations), 'group')}{_window(begin, end, rate)}: "
        f"{'all' if len(observations) == 1 else f'{largest.share:.0%}'} {told}{where}"
    )


def _window(begin: datetime | None, end: datetime | None, rate: float | None) -> str:
    if begin is None or end is None or rate is None:
        return ""
    return f" over {span((end - begin).total_seconds())}, {rate:,.1f} a minute"


def span(seconds: float) -> str:
    """A length of time as people say it: `40 s`, `12 min`, `3.5 h`, `2.0 d`."""
    for size, unit, digits in ((86_400.0, "d", 1), (3_600.0, "h", 1), (60.0, "min", 0)):
        if seconds >= 2 * size or (unit == "min" and seconds >= size):
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{seconds:.0f} s"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

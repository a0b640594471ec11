"""A summary as plain text for a terminal, a ticket or a chat."""

from datetime import datetime
from typing import Final

from triage.domain.model import Redacted
from triage.domain.summaries.extract import short, span
from triage.domain.summaries.model import Extract, Observation

_SHOWN: Final = 10
_WIDE: Final = 160


def render(summary: Extract, *, shown: int = _SHOWN) -> Redacted:
    """The headline, the suspected first cause, then the groups, of which at most `shown`."""
    lines = [f"{summary.severity.name}  {summary.headline}", f"severity  {summary.severity_reason}"]
    if summary.begin and summary.end:
        lines.append(f"window    {_moment(summary.begin)} to {_moment(summary.end)}")
    by_id = {
        observation.group.id: (place, observation)
        for place, observation in enumerate(summary.observations, 1)
    }
    if summary.first_cause and summary.first_cause.group_id in by_id:
        place, observation = by_id[summary.first_cause.group_id]
        lines += ["", f"Suspected first cause: #{place} {observation.group.id}, {summary.first_cause.reason}"]
        lines.append(f"  {short(observation.root_cause or observation.group.template, _WIDE)}")
    for place, observation in enumerate(summary.observations[:shown], 1):
        lines += ["", *_block(place, observation)]
    rest = summary.observations[shown:]
    if rest:
        lines += [
            "",
            f"... and {len(rest):,} more groups, {sum(one.group.count for one in rest):,} records",
        ]
    return Redacted("\n".join(lines))


def _block(place: int, observation: Observation) -> list[str]:
    group = observation.group
    counted = f"{group.count:,} x ({observation.share:.0%})"
    lines = [f"#{place} {group.id}  {group.level.name}  {counted}  {_when(observation)}".rstrip()]
    if group.logger:
        lines[0] += f"  {short(group.logger, 60)}"
    lines.append(f"  {short(group.template, _WIDE)}")
    if observation.root_cause and observation.root_cause not in group.template:
        lines.append(f"  root     {short(observation.root_cause, _WIDE)}")
    trace = f", trace {group.trace_id}" if group.trace_id else ""
    lines.append(f"  example  {short(group.example, _WIDE)}  (line {group.first_line:,}{trace})")
    if observation.hint:
        lines.append(f"  hint     {observation.hint.title}: {observation.hint.advice}")
    return lines


def _when(observation: Observation) -> str:
    group = observation.group
    if group.first_seen is None or group.last_seen is None:
        return ""
    if group.first_seen == group.last_seen:
        return f"{group.first_seen:%H:%M:%S}"
    lasted = span((group.last_seen - group.first_seen).total_seconds())
    rate = f", {observation.rate:,.1f}/min" if observation.rate is not None else ""
    return f"{group.first_seen:%H:%M:%S} to {group.last_seen:%H:%M:%S} ({lasted}{rate})"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}".rstrip()

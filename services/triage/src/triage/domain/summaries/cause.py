"""Which group began it, as far as the order of time can tell."""

from datetime import timedelta
from typing import Final

from triage.domain.model import Level
from triage.domain.summaries.hint import Weight
from triage.domain.summaries.model import FirstCause, Observation

_BEFORE: Final = timedelta(minutes=15)
_SYMPTOM_LEAD: Final = timedelta(minutes=1)


def suspect(observations: tuple[Observation, ...]) -> FirstCause | None:
    """The earliest group shortly before the largest one; a symptom only where no cause is near it.

    A stray error of hours ago did not start this, hence the fifteen minutes.
    Without times the order of lines stands in for them.
    """
    errors = [observation for observation in observations if observation.group.level >= Level.ERROR]
    if not errors:
        return None
    largest = max(errors, key=lambda observation: (observation.group.count, -observation.group.first_line))
    if any(observation.group.first_seen is None for observation in errors):
        first = min(errors, key=lambda observation: (_is_symptom(observation), observation.group.first_line))
        if first.group.first_line > largest.group.first_line:
            first = largest
        return FirstCause(first.group.id, f"first of the errors, on line {first.group.first_line:,}")
    start = largest.group.first_seen
    near = [
        observation
        for observation in errors
        if start is not None
        and observation.group.first_seen is not None
        and start - _BEFORE <= observation.group.first_seen <= start + _SYMPTOM_LEAD
    ]
    earliest = min(near, key=lambda observation: (observation.group.first_seen, observation.group.first_line))
    causes = [observation for observation in near if not _is_symptom(observation)]
    first = min(
        causes,
        key=lambda observation: (observation.group.first_seen, observation.group.first_line),
        default=earliest,
    )
    return FirstCause(first.group.id, _reason(first, largest))


def _is_symptom(observation: Observation) -> bool:
    return observation.hint is not None and observation.hint.weight == Weight.SYMPTOM


def _reason(first: Observation, largest: Observation) -> str:
    began, start = first.group.first_seen, largest.group.first_seen
    if began is None or start is None:
        return "first of the errors"
    moment = f"began at {began:%H:%M:%S}"
    if first.group.id == largest.group.id:
        return f"{moment}, and is the most frequent"
    lead = (start - began).total_seconds()
    if lead >= 1:
        return f"{moment}, {lead:,.0f} s before the most frequent group"
    if lead <= -1:
        return f"{moment}, within a minute of the most frequent group, which looks like its symptom"
    return f"{moment}, together with the most frequent group"

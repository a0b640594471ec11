"""The extractive summary: everything in it was counted or quoted, nothing was made up."""

from dataclasses import dataclass
from datetime import datetime

from triage.domain.model import Group, Redacted, Severity
from triage.domain.summaries.hint import Hint


@dataclass(frozen=True, slots=True)
class Observation:
    """A group and what the rules have to say of it."""

    group: Group
    share: float
    """Of all records of the summary, 0 to 1."""
    rate: float | None
    """Records a minute between its first and its last; None without two instants."""
    root_cause: Redacted
    """The last link of the exception chain in its example; empty without a chain."""
    hint: Hint | None


@dataclass(frozen=True, slots=True)
class FirstCause:
    """The group that most likely began it, by time, and why it was picked."""

    group_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Extract:
    headline: Redacted
    severity: Severity
    """The floor: no answer of a model may go below it."""
    severity_reason: str
    records: int
    observations: tuple[Observation, ...]
    """The worst level first, then the most frequent."""
    begin: datetime | None
    end: datetime | None
    rate: float | None
    first_cause: FirstCause | None

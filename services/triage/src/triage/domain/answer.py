"""The answer: what was found, where the words come from, and everything that was left out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from triage.domain.model import Finding, Group, Reading, Redacted, RedactionCount, Severity


class AnswerSource(StrEnum):
    MODEL = "model"
    CACHED = "cached"
    EXTRACTIVE = "extractive"


class Stage(StrEnum):
    """How far an answer has come."""

    READING = "reading"
    GROUPING = "grouping"
    MODEL = "model"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What the model did for this answer, and what it cost."""

    model: str
    outcome: str
    """`answered`, or why its answer was not used."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    """US dollars; 0 where no prices are set."""
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model's answer adds to the extractive one, once verified."""

    source: AnswerSource
    use: ModelUse | None
    headline: Redacted | None = None
    findings: tuple[Finding, ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()
    age_seconds: float = 0.0
    stale: bool = False


@dataclass(frozen=True, slots=True)
class GroupReport:
    """A group with what can be said about it without a model."""

    group: Group
    root_cause: Redacted
    hint: str
    rate_per_minute: float


@dataclass(frozen=True, slots=True)
class Summary:
    id: str
    created_at: datetime
    source: AnswerSource
    age_seconds: float
    stale: bool
    severity: Severity
    headline: str
    text: str
    findings: tuple[Finding, ...]
    groups: tuple[GroupReport, ...]
    suspected_first_cause: str
    reading: Reading
    redactions: tuple[RedactionCount, ...]
    dropped: tuple[tuple[str, int], ...]
    model: ModelUse | None


@dataclass(frozen=True, slots=True)
class Preview:
    request_body: bytes
    """Byte for byte what would be sent; empty where nothing would be."""
    endpoint: str
    """Where to; empty where no model is set, and the request is what one would be sent."""
    estimated_tokens: int
    reading: Reading
    redactions: tuple[RedactionCount, ...]

"""Summaries of error logs as the API shows them."""

from typing import Literal

from pydantic import Field

from gateway.shapes.strict import Instant, Told

Severity = Literal["none", "low", "medium", "high", "critical"]


class Reading(Told):
    """What was read, and what was left out."""

    bytes: int
    lines: int
    records: int
    errors: int
    groups: int
    groups_overflowed: int
    lines_truncated: int
    input_truncated: bool
    first_seen: Instant | None
    last_seen: Instant | None


class RuleCount(Told):
    rule: str
    count: int
    lines: list[int] = Field(description="The first lines it was found on, at most 20.")


class Redactions(Told):
    total: int
    rules: list[RuleCount]


class LogGroup(Told):
    id: str
    template: str
    level: str
    count: int
    first_seen: Instant | None
    last_seen: Instant | None
    example: str
    trace_id: str
    root_cause: str
    hint: str
    rate_per_minute: float
    first_line: int


class Citation(Told):
    group_id: str
    quote: str


class Finding(Told):
    title: str
    explanation: str
    severity: Severity
    citations: list[Citation]
    next_step: str


class Dropped(Told):
    reason: str
    count: int


class ModelUse(Told):
    model: str
    input_tokens: int
    output_tokens: int
    cost: float
    calls: int
    outcome: str


class Summary(Told):
    id: str
    created_at: Instant
    source: Literal["model", "cached", "extractive"] = Field(description="Where the answer came from.")
    age_seconds: float
    stale: bool
    severity: Severity
    headline: str
    summary: str = Field(description="The whole answer as text.")
    findings: list[Finding]
    groups: list[LogGroup]
    suspected_first_cause: str
    reading: Reading
    redactions: Redactions
    dropped: list[Dropped] = Field(description="Claims of the model that did not hold.")
    model: ModelUse | None


class Progress(Told):
    stage: Literal["reading", "grouping", "model", "done"]
    reading: Reading


class Preview(Told):
    request_body: str = Field(
        description="Byte for byte what a model would be sent, set or not; empty where nothing would."
    )
    endpoint: str = Field(description="Where it would go; empty where no model is set.")
    estimated_tokens: int
    reading: Reading
    redactions: Redactions

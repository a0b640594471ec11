"""What flows through triage: raw records, redacted records, groups, summaries.

Raw text and redacted text have different types. Everything behind `redact`
takes `Redacted` only, so that a raw string cannot reach a group, a cache, a
model or an answer without mypy objecting.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import NewType

Raw = NewType("Raw", str)
"""Text as it came from a source. Never stored, logged or sent."""

Redacted = NewType("Redacted", str)
"""Text that `triage.domain.redact` returned."""


class Level(IntEnum):
    """Severity by OpenTelemetry's numbers (first of each range)."""

    TRACE = 1
    DEBUG = 5
    INFO = 9
    WARN = 13
    ERROR = 17
    FATAL = 21


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One log record: a head line and whatever belongs to it (a stack trace)."""

    text: Raw
    """The whole record, lines joined by a newline, control characters neutralised."""
    message: Raw
    """What is left once the header (time, level, logger, ...) is parsed off."""
    level: Level | None
    """None where the record states no level of its own."""
    is_error: bool
    """ERROR or worse by its level; by the keyword rule where it has none."""
    timestamp: datetime | None
    logger: str
    trace_id: str
    first_line: int
    """1-based, within its source."""
    last_line: int


@dataclass(frozen=True, slots=True)
class Record:
    """A record after redaction; the only kind that leaves the pipeline's front."""

    text: Redacted
    message: Redacted
    level: Level | None
    timestamp: datetime | None
    logger: Redacted
    trace_id: str
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Group:
    """Records that share one template."""

    id: str
    """Stable across runs: `g-` and 12 hex digits derived from the template."""
    template: Redacted
    level: Level
    count: int
    first_seen: datetime | None
    last_seen: datetime | None
    first_line: int
    example: Redacted
    trace_id: str
    logger: Redacted


class Severity(IntEnum):
    """How bad it is, worst highest; the floor below which no model may argue."""

    NONE = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5


@dataclass(frozen=True, slots=True)
class RedactionCount:
    """How often one rule replaced something, never what it replaced."""

    rule: str
    count: int
    lines: tuple[int, ...]
    """The first lines it was found on, at most 20."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read and what was left out: truncation is always told."""

    bytes: int = 0
    lines: int = 0
    records: int = 0
    errors: int = 0
    groups: int = 0
    groups_overflowed: int = 0
    """Error records that came after the bound on groups was reached and share the last group."""
    lines_truncated: int = 0
    input_truncated: bool = False
    first_seen: datetime | None = None
    last_seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """Evidence: a group that exists and words found in it."""

    group_id: str
    quote: Redacted


@dataclass(frozen=True, slots=True)
class Finding:
    title: Redacted
    explanation: Redacted
    severity: Severity
    citations: tuple[Citation, ...]
    next_step: Redacted

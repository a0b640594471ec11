"""What is remembered of the records of one signature: a few numbers and one example."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from triage.domain.model import Level, Record, Redacted

_HEAD: Final = 1536
_TAIL: Final = 512


@dataclass(slots=True)
class Cell:
    """Grows by records and by other cells; the earliest line gives the example."""

    count: int
    level: Level
    first_seen: datetime | None
    last_seen: datetime | None
    first_line: int
    example: Redacted
    trace_id: str
    logger: Redacted

    @classmethod
    def of(cls, record: Record) -> "Cell":
        return cls(
            count=1,
            # Without a level of its own a record is here because its words told of a failure.
            level=record.level or Level.ERROR,
            first_seen=record.timestamp,
            last_seen=record.timestamp,
            first_line=record.first_line,
            example=excerpt(record.text),
            trace_id=record.trace_id,
            logger=record.logger,
        )

    def add(self, record: Record) -> None:
        self.count += 1
        level = record.level or Level.ERROR
        self.level = max(self.level, level)
        if (moment := record.timestamp) is not None:
            if self.first_seen is None or moment < self.first_seen:
                self.first_seen = moment
            if self.last_seen is None or moment > self.last_seen:
                self.last_seen = moment
        if record.first_line < self.first_line:
            self.first_line, self.example = record.first_line, excerpt(record.text)
            self.trace_id, self.logger = record.trace_id, record.logger
        elif not self.trace_id and record.trace_id:
            self.trace_id = record.trace_id

    def absorb(self, other: "Cell") -> None:
        self.count += other.count
        self.level = max(self.level, other.level)
        self.first_seen = min((at for at in (self.first_seen, other.first_seen) if at), default=None)
        self.last_seen = max((at for at in (self.last_seen, other.last_seen) if at), default=None)
        if other.first_line < self.first_line:
            self.first_line, self.example, self.logger = other.first_line, other.example, other.logger
            self.trace_id = other.trace_id or self.trace_id
        else:
            self.trace_id = self.trace_id or other.trace_id


def excerpt(text: Redacted) -> Redacted:
    """Beginning and end: the root of a chain of causes stands at the end of a trace."""
    if len(text) <= _HEAD + _TAIL:
        return text
    return Redacted(f"{text[:_HEAD]}\n[...]\n{text[-_TAIL:]}")

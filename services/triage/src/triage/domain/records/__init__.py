"""Lines in, records out: formats, levels, multi-line joining, neutralising."""

from datetime import datetime

from triage.domain.model import RawRecord
from triage.domain.records.build import Origin, build
from triage.domain.records.neutral import neutralise
from triage.domain.records.reader import BLOCK, RecordReader
from triage.domain.records.unwrap import unwrap

__all__ = ["BLOCK", "RecordReader", "is_error", "neutralise", "parse"]


def parse(text: str, *, now: datetime | None = None) -> RawRecord:
    """The record a text holds, when the text is known to be one record: no joining, wrappers taken off.

    `now` completes a stamp without a year or a day, as in `RecordReader`.
    """
    lines = neutralise(text).split("\n")
    first = unwrap(lines[0])
    if first is None:
        return build(lines, Origin(last_line=len(lines)), now=now)
    inside = [first.line, *((inner.line if (inner := unwrap(line)) else line) for line in lines[1:])]
    return build(inside, Origin(last_line=len(lines), stamp=first.stamp, source=first.source), now=now)


def is_error(line: str) -> bool:
    """True where a record, given whole, is an error; never raises."""
    return parse(line).is_error

"""Records that say the same are one group, whatever system wrote them, under one configuration."""

from datetime import UTC, datetime

from triage.domain.grouping.grouper import GROUPS, OVERFLOW, Grouper, group_id, labels
from triage.domain.grouping.masks import signature
from triage.domain.records import parse

__all__ = ["GROUPS", "OVERFLOW", "Grouper", "group", "group_id"]

# Any year will do to tell a stamp from none; a leap year knows every day.
_LEAP = datetime(2000, 1, 1, tzinfo=UTC)


def group(lines: list[str]) -> list[str]:
    """The id of the group of each line; lines may be bare messages or whole lines with their headers."""
    return labels([signature(_message(line)) for line in lines])


def _message(line: str) -> str:
    record = parse(line, now=_LEAP)
    # Without a time there was no header: what looks like a level is the message's own first word.
    return record.message if record.timestamp or line[:1] in "{<" else line

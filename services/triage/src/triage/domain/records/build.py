"""A `RawRecord` from the lines that belong together."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from triage.domain.model import Level, Raw, RawRecord
from triage.domain.records.chain import exceptions
from triage.domain.records.keywords import tells_failure
from triage.domain.records.lines import scan_line
from triage.domain.records.neutral import neutralise
from triage.domain.records.parts import CLIENT_FAULT, UNLEVELLED, Parts
from triage.domain.records.stamps import from_epoch, instant
from triage.domain.records.traces import opens, quotes_source

_TRACE_ID: Final = re.compile(
    r"(?i:trace[_.-]?id|x-b3-traceid|request[_-]?id|correlation[_-]?id)[\"']?\s?[=:]\s?[\"']?([0-9A-Za-z-]{8,64})"
    r"|\b(req-[0-9a-f-]{36})"
)
# Searching without regard to case is dear; most texts have none of these.
_TRACE_SIGNS: Final = ("race", "RACE", "equest", "REQUEST", "orrelation", "req-")
_LOOK: Final = 4096
SECOND_LINE: Final = re.compile(r"(SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): ")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record stood, and what its wrapping said."""

    first_line: int = 1
    last_line: int = 1
    stamp: str = ""
    source: str = ""


def verdict(code: int, text: str, parts: Parts) -> bool:
    """ERROR or worse by the stated level; by fields or words where none is stated."""
    if code > UNLEVELLED:
        return code >= CLIENT_FAULT
    return parts.failed if parts.failed is not None else tells_failure(text)


def build(
    lines: list[str], origin: Origin, *, now: datetime | None = None, failed: bool | None = None
) -> RawRecord:
    """The record of these lines, the first of them its head; `failed` is what the words said, if asked."""
    text = "\n".join(lines)
    parts = Parts(failed=failed)
    head = text if text[:1] == "{" else lines[0]
    code = max(scan_line(head, parts), UNLEVELLED)
    if code == UNLEVELLED and len(lines) > 1 and (second := SECOND_LINE.match(lines[1])):
        # java.util.logging: the level stands at the start of the second line.
        code = scan_line(lines[1], None)
        parts.message = lines[1][second.end() :]
    elif len(lines) > 1:
        parts.message = _telling(parts.message or lines[0], lines, text)
    is_error = verdict(code, text, parts)
    level = (Level.WARN if code == CLIENT_FAULT else Level(code)) if code > UNLEVELLED else None
    found = None
    if not parts.trace_id and any(sign in text for sign in _TRACE_SIGNS):
        found = _TRACE_ID.search(text, 0, _LOOK)
    return RawRecord(
        text=Raw(text),
        message=Raw(neutralise(parts.message) or lines[0]),
        level=level,
        is_error=is_error,
        timestamp=_instant(parts.stamp, now) or _instant(origin.stamp, now),
        logger=neutralise(parts.logger) or origin.source,
        trace_id=neutralise(parts.trace_id) or ((found.group(1) or found.group(2)) if found else ""),
        first_line=origin.first_line,
        last_line=origin.last_line,
    )


def _telling(message: str, lines: list[str], text: str) -> str:
    """What a trace says of itself, where its first line only announces it."""
    if message.startswith("Traceback (most recent"):
        links = exceptions(text)
        return links[0] if links else message
    if message.startswith("thread '") and message.endswith(":"):
        return f"{message} {lines[1].strip()}"
    if quotes_source(message):
        return next((line for line in lines[1:] if opens(line)), message)
    return message


def _instant(stamp: str | float, now: datetime | None) -> datetime | None:
    if isinstance(stamp, int | float):
        return from_epoch(stamp)
    if not stamp:
        return None
    if stamp.isdecimal() and len(stamp) in (10, 13, 16, 19):
        return from_epoch(int(stamp))
    return instant(stamp, now=now)

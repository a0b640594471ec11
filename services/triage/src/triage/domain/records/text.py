"""The level and the parts of a line of text, whatever logger wrote it.

Formats differ less than their number suggests: something before the time, a
time, something holding the level, a logger, the message. Each step has one
pattern that looks at a bounded stretch of the line, so the cost of a line does
not grow with its length.
"""

import re
from typing import Final

from triage.domain.model import Level
from triage.domain.records import levels
from triage.domain.records.access import status_of
from triage.domain.records.message import strip_logger
from triage.domain.records.parts import CLIENT_FAULT, UNHEADED, UNLEVELLED, Parts
from triage.domain.records.shapes import (
    BEFORE,
    BEGIN,
    CI,
    CI_LEVELS,
    HPC,
    JUPYTER,
    KLOG,
    LOGCAT,
    MAYBE,
    NEXT,
    PHP,
    PRI,
    RACK,
    REDIS,
    RFC5424,
    RUBY,
    SEARCH,
    TAG,
    TAG_WITH_PID,
    TOOL,
)
from triage.domain.records.stamps import STAMP

_WINDOW: Final = 200
_DEPTH: Final = 3


def scan(line: str, parts: Parts | None = None, depth: int = 0) -> int:
    """A `Level`, `UNLEVELLED` or `UNHEADED` for a line of text; fills `parts` where they are wanted."""
    start = 1 if line[:1] in "[(<" and line[:1] else 0
    stamped = STAMP.match(line, start)
    if stamped is None:
        return _unstamped(line, parts, depth)
    if parts is not None and not parts.stamp:
        parts.stamp = stamped.group()
    return _stamped(line, stamped.end(), parts, depth)


def _stamped(line: str, end: int, parts: Parts | None, depth: int) -> int:
    if found := NEXT.match(line, end):
        word, letter, logcat = found.groups()
        level = levels.of_word(word) if word else levels.of_letter(letter or logcat)
        if level is not None:
            if parts is not None:
                strip_logger(line, found.end(), parts)
            return level
    # A month's name is syslog's; behind a date of digits only a process id tells a tag from a sentence.
    first = line[:1]
    tag = TAG if first.isalpha() else TAG_WITH_PID if first.isdigit() else None
    if tag is not None and (found := tag.match(line, end)):
        return _tagged(line, found, parts, depth)
    if found := _search(line, end, end + _WINDOW):
        return _found(line, found, parts)
    inner = line[end : end + 512].lstrip(" ]:>,|-")
    if php := _php(inner):
        if parts is not None:
            parts.message = inner
        return php
    if inner[:1] == "{" and depth < _DEPTH:
        return _inner(line[end:].lstrip(" ]:>,|-"), parts, depth)
    return _levelless(line, end, parts)


def _tagged(line: str, found: re.Match[str], parts: Parts | None, depth: int) -> int:
    """A syslog line: behind the tag stands a message that may be a record of another format."""
    if parts is not None and not parts.logger:
        parts.logger = found.group(2)
    if "haproxy" in found.group(2) and (status := status_of(line)):
        if parts is not None:
            parts.message = line[found.end() :]
        return _judged(status, parts)
    code = _inner(line[found.end() :], parts, depth) if depth < _DEPTH else UNHEADED
    return max(code, UNLEVELLED)


def _inner(message: str, parts: Parts | None, depth: int) -> int:
    # Imported late: JSON fields hold text and text holds JSON.
    from triage.domain.records.lines import scan_line  # noqa: PLC0415

    if parts is not None:
        parts.message = message
    return scan_line(message, parts, depth + 1)


def _search(line: str, start: int, end: int) -> re.Match[str] | None:
    return SEARCH.search(line, start, end) if MAYBE.search(line[start:end]) else None


def _found(line: str, found: re.Match[str], parts: Parts | None) -> int:
    word = found.group(1) or found.group(2) or found.group(3) or found.group(5)
    if word is None:
        return _field(line, found.group(4), parts)
    if parts is not None:
        strip_logger(line, found.end(), parts, before=found.start())
    return levels.WORDS[word.upper()]


def _field(line: str, value: str, parts: Parts | None) -> int:
    if parts is not None:
        from triage.domain.records.logfmt import fill  # noqa: PLC0415 - only kept records need the rest of the pairs

        fill(line, parts)
    level = levels.of_number(int(value)) if value.isdigit() else levels.of_word(value)
    return UNLEVELLED if level is None else level


def _levelless(line: str, end: int, parts: Parts | None) -> int:
    status = status_of(line)
    if parts is not None:
        strip_logger(line, end, parts)
        if status:
            parts.message = line
    if status:
        return _judged(status, parts)
    return UNLEVELLED


def _judged(status: int, parts: Parts | None) -> int:
    """An access log states no level: its status does, the server's faults above the client's."""
    failed = status >= 400  # noqa: PLR2004 - RFC 9110: 4xx and 5xx are the error classes
    if parts is not None:
        parts.failed = failed
    if not failed:
        return Level.INFO
    return Level.ERROR if status >= 500 else CLIENT_FAULT  # noqa: PLR2004


def _php(text: str) -> int:
    found = PHP.match(text)
    if found is None:
        return 0
    return Level.WARN if found.group(1) else Level.INFO if found.group(2) else Level.ERROR


def _unstamped(line: str, parts: Parts | None, depth: int) -> int:  # noqa: C901, PLR0911, PLR0912 - one branch a format
    first = line[:1]
    if first in "IWEFD" and (found := KLOG.match(line)):
        if parts is not None:
            parts.stamp, parts.logger = parts.stamp or found.group(2), found.group(3)
            parts.message = line[found.end() :]
        return levels.LETTERS[found.group(1)]
    if found := BEFORE.match(line):
        return _behind(line, found, parts, depth)
    if first == "<" and (found := PRI.match(line)):
        return _pri(line, found, parts, depth)
    if line[1:3] == ", " and (found := RUBY.match(line)):
        if parts is not None:
            parts.stamp, parts.logger = parts.stamp or found.group(1), found.group(3).strip()
            parts.message = line[found.end() :]
        return levels.of_word(found.group(2)) or UNLEVELLED
    if first == "[" and (found := JUPYTER.match(line)):
        if parts is not None:
            scan(line[found.end() :], parts, depth)
        return levels.LETTERS[found.group(1)]
    if line[1:2] == "/" and (found := LOGCAT.match(line)):
        if parts is not None:
            parts.logger, parts.message = found.group(2).strip(), line[found.end() :]
        return levels.LETTERS[found.group(1)]
    if found := CI.match(line):
        word = (found.group(1) or found.group(2)).upper()
        if parts is not None:
            parts.message = line[found.end() :].lstrip("]: ") or line
        return CI_LEVELS.get(word, Level.INFO)
    if first.isdigit() and (found := HPC.match(line)):
        if parts is not None:
            parts.logger, parts.stamp, parts.message = found.group(1), found.group(2), line[found.end() :]
        return UNLEVELLED
    if php := _php(line):
        return php
    if status := status_of(line):
        return _judged(status, parts)
    if found := BEGIN.match(line):
        word = found.group(1) or found.group(2) or found.group(3) or found.group(4)
        if parts is not None:
            strip_logger(line, found.end(), parts)
        return levels.WORDS[word.upper()]
    if found := TOOL.match(line):
        return levels.WORDS[found.group(1).split()[-1].upper()]
    if first in " \t":
        return UNHEADED
    if found := _search(line, 0, _WINDOW // 2):
        return _found(line, found, parts)
    if "=" in line[:40] and (found := _search(line, 0, 512)) and found.group(4):
        return _found(line, found, parts)
    return UNHEADED


def _behind(line: str, found: re.Match[str], parts: Parts | None, depth: int) -> int:
    """Scan what follows a prefix; Redis writes its level as a sign behind the time."""
    rest = line[found.end() :]
    if found.group(2) and (stamped := STAMP.match(rest)):
        sign = rest[stamped.end() + 1 : stamped.end() + 2]
        if parts is not None:
            parts.stamp, parts.logger = parts.stamp or stamped.group(), "redis"
            parts.message = rest[stamped.end() + 3 :]
        return REDIS.get(sign, UNLEVELLED)
    if depth >= _DEPTH:
        return UNLEVELLED
    if parts is not None:
        parts.message = rest
    # A supercomputer's rack: time, node, `RAS KERNEL FATAL`.
    if (stamped := STAMP.match(rest)) and (rack := RACK.match(rest, stamped.end())):
        level = levels.of_word(rack.group(2))
        if level is not None:
            if parts is not None:
                parts.stamp, parts.logger = parts.stamp or stamped.group(), rack.group(1)
                parts.message = rest[rack.end() :]
            return level
    return max(scan(rest, parts, depth + 1), UNLEVELLED)


def _pri(line: str, found: re.Match[str], parts: Parts | None, depth: int) -> int:
    severity = int(found.group(1)) & 7
    code = levels.of_syslog(severity) or UNLEVELLED
    rest = line[found.end() :]
    if depth >= _DEPTH:
        return code
    header = RFC5424.match(rest) if line[found.end() - 2 : found.end()] == "1 " else None
    if header is None:
        if parts is not None:
            parts.message = rest
            scan(rest, parts, depth + 1)
        return code
    if parts is not None:
        parts.stamp, parts.logger = parts.stamp or rest.split(" ", 1)[0], header.group(2)
        _inner(rest[header.end() :].removeprefix("\ufeff"), parts, depth)
    return code

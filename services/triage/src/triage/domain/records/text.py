"""The level and the parts of a line of text, whatever logger wrote it.

Formats differ less than their number suggests: something before the time, a
time, something holding the level, a logger, the message. Each step has one
pattern that looks at a bounded stretch of the line, so the cost of a line does
not grow with its length.
"""

import re
from typing import Final

import re2

from triage.domain.model import Level
from triage.domain.records import levels
from triage.domain.records.access import status_of
from triage.domain.records.message import strip_logger
from triage.domain.records.parts import CLIENT_FAULT, UNHEADED, UNLEVELLED, Parts
from triage.domain.records.stamps import STAMP

_WINDOW: Final = 200
_DEPTH: Final = 3

_UPPER: Final = (
    "TRACE|TRC|FINEST|FINER|VERBOSE|DEBUG[1-5]?|DBG|INFO|INFORMATION|INF|NOTICE|WARN|WARNING|WRN|ERROR"
    "|ERRO|ERR|SEVERE"
    "|FATAL|FTL|CRITICAL|CRIT|CRT|EMERG|EMERGENCY|PANIC|DPANIC"
)
_ONLY_WITH_COLON: Final = (
    "LOG|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|NOTE|CONFIG|FINE|ALERT|FAIL|FAILURE|SUCCESS"
)
_ANY_CASE: Final = (
    "trace|trc|trce|verbose|debug|dbg|dbug|info|inf|information|notice|note|system|warn|warning|wrn"
    "|error|err|erro|eror"
    "|severe|fatal|ftl|critical|crit|alert|emerg|emergency|panic|fail"
)

# Right behind the time, any case: most loggers.
_NEXT: Final = re.compile(
    r"[\s\])>|,:;-]{0,8}[\[(<|]{0,2}\s{0,4}"
    rf"(?:({_UPPER}|(?i:{_ANY_CASE}|catastrophe))(?=[\s\]\[)>|:,;/(]|$)"
    r"|([VTDIWEF])(?= [A-Z(\[-]|\s{2}|\] |/|\t)|\d{1,7}\s{1,5}\d{1,7}\s([VDIWEFA])\s)"
)
# Anywhere in the header: an upper-case word standing free, any case in brackets, or a field.
_SEARCH: Final = re.compile(
    rf"(?:^|(?<=[\s\[(<|:/\t]))({_UPPER})(?=[\s\])>|:,;/]|$|\|)"
    rf"|(?:^|(?<=[\s\[(<|./]))({_UPPER}|{_ONLY_WITH_COLON})(?=:)"
    rf"|[\[<(|](?:[\w.-]{{1,40}}:)?\s?((?i:{_ANY_CASE}))\s?[\])>|]"
    r"|\b(?:level|lvl|severity|log_?level|log\.level|levelname)=[\"']?((?i:[a-z]{1,12}|\d{1,3}))\b"
)
# No groups, so RE2 answers from its automaton; nearly every line without a level ends here.
_MAYBE: Final = re2.compile(
    rf"{_UPPER}|(?:{_ONLY_WITH_COLON}):|[\[(<|:]\s?(?i:{_ANY_CASE})\s?[\])>|]|(?i:level|lvl|severity"
    rf"|levelname)="
)
_BEGIN: Final = re.compile(
    rf"[\[(<*#]{{0,3}}\s?(?:({_UPPER})(?=[\s\])>|:/]|$)|({_ONLY_WITH_COLON})(?=:\s)"
    rf"|((?i:{_ANY_CASE}))(?=: |:$|:\t|\]|\[E\d{{4}}\]|\)\s?:?\s|>))(?!: ?(?:none|null|nil|0|false"
    rf"|\"\")\s{{0,3}}$)"
)
_KLOG: Final = re.compile(
    r"([IWEFD])(\d{4}(?:\d{4})? \d\d:\d\d:\d\d\.\d{3,6})\s{1,8}\d{1,9} ([^\]]{1,120})\] ?"
)
_RUBY: Final = re.compile(
    r"[DIWEFAU], \[(\S{19,40}) #\d{1,9}(?:\.\d+)?\]\s{1,3}(\w{3,7}) -- "
    r"([^:]{0,80}): ?"
)
_JUPYTER: Final = re.compile(r"\[([DIWECF]) (?=\d)")
_LOGCAT: Final = re.compile(r"([VDIWEFA])/([^(:]{1,60})(?:\(\s{0,5}\d{1,7}\))?: ")
_PRI: Final = re.compile(r"<(\d{1,3})>(?:1 (?=\S))?")
_RFC5424: Final = re.compile(
    r"(?:\S{1,48}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (?:-|(?:\[[^\]]{0,1024}\]){1,8}) ?"
)
_CI: Final = re.compile(
    r"(?:##\[|::)(error|warning|notice|debug|group|endgroup|section|command)\b"
    r"|npm (ERR!|error|WARN|warn|notice|info)(?= )"
)
_PHP: Final = re.compile(
    r"(?:PHP message: )?PHP (?:(?:(?:Recoverable )?[Ff]atal|Parse|Core|Compile|Startup) (?:[Ee]rror)"
    r"|(Warning)|(Notice|Deprecated|Strict))"
)
# What may stand before the time: a file's name, Redis' pid and role, a supercomputer's label and node.
_BEFORE: Final = re.compile(
    r"(?:[\w.-]{1,80}\.log[\w.:-]{0,40} (?=\d)"
    r"|(\d{1,7}):([XCSM]) (?=\d)"
    r"|(?:-|[A-Z][A-Z0-9_]{1,30}) \d{10} \d{4}\.\d\d\.\d\d \S{1,80} (?=[\dA-Z])"
    r"|\[[\w. -]{1,40}\] \[?(?=\d{4}-\d\d-\d\d)"
    r")"
)
_REDIS: Final = {".": Level.DEBUG, "-": Level.TRACE, "*": Level.INFO, "#": Level.WARN}
_TAG: Final = re.compile(
    r" (\S{1,255}) ((?:[^\s:\[\]]{1,80}"
    r"|[^:\[\]]{1,60}?)(?:\[[\w. ()\[\]-]{1,80}\])?(?: \([^)]{0,120}\))?):(?: |$)"
)
_TAG_WITH_PID: Final = re.compile(r" (\S{1,255}) ([\w./@-]{1,80}\[\d{1,9}\]): ?")
_HPC: Final = re.compile(r"\d{1,9} \S{1,40} (\S{1,40}) \S{1,60} (\d{10}) \d{1,3} ")
_RUN: Final = re.compile(r" \S{1,80} (?=[A-Z]{3,12} [A-Z_]{2,20} [A-Z]{3,12}\b)")
_CI_LEVELS: Final = {"ERR!": Level.ERROR, "ERROR": Level.ERROR, "WARN": Level.WARN, "WARNING": Level.WARN,
                     "DEBUG": Level.DEBUG}  # fmt: skip


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
    if found := _NEXT.match(line, end):
        word, letter, logcat = found.groups()
        level = levels.of_word(word) if word else levels.of_letter(letter or logcat)
        if level is not None:
            if parts is not None:
                strip_logger(line, found.end(), parts)
            return level
    if found := _TAG_WITH_PID.match(line, end) if line[:1].isdigit() else _TAG.match(line, end):
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
    return _SEARCH.search(line, start, end) if _MAYBE.search(line[start:end]) else None


def _found(line: str, found: re.Match[str], parts: Parts | None) -> int:
    word = found.group(1) or found.group(2) or found.group(3)
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
    found = _PHP.match(text)
    if found is None:
        return 0
    return Level.WARN if found.group(1) else Level.INFO if found.group(2) else Level.ERROR


def _unstamped(line: str, parts: Parts | None, depth: int) -> int:  # noqa: C901, PLR0911, PLR0912 - one branch a format
    first = line[:1]
    if first in "IWEFD" and (found := _KLOG.match(line)):
        if parts is not None:
            parts.stamp, parts.logger = parts.stamp or found.group(2), found.group(3)
            parts.message = line[found.end() :]
        return levels.LETTERS[found.group(1)]
    if found := _BEFORE.match(line):
        return _behind(line, found, parts, depth)
    if first == "<" and (found := _PRI.match(line)):
        return _pri(line, found, parts, depth)
    if line[1:3] == ", " and (found := _RUBY.match(line)):
        if parts is not None:
            parts.stamp, parts.logger = parts.stamp or found.group(1), found.group(3).strip()
            parts.message = line[found.end() :]
        return levels.of_word(found.group(2)) or UNLEVELLED
    if first == "[" and (found := _JUPYTER.match(line)):
        if parts is not None:
            scan(line[found.end() :], parts, depth)
        return levels.LETTERS[found.group(1)]
    if line[1:2] == "/" and (found := _LOGCAT.match(line)):
        if parts is not None:
            parts.logger, parts.message = found.group(2).strip(), line[found.end() :]
        return levels.LETTERS[found.group(1)]
    if found := _CI.match(line):
        word = (found.group(1) or found.group(2)).upper()
        if parts is not None:
            parts.message = line[found.end() :].lstrip("]: ") or line
        return _CI_LEVELS.get(word, Level.INFO)
    if first.isdigit() and (found := _HPC.match(line)):
        if parts is not None:
            parts.logger, parts.stamp, parts.message = found.group(1), found.group(2), line[found.end() :]
        return UNLEVELLED
    if php := _php(line):
        return php
    if status := status_of(line):
        return _judged(status, parts)
    if found := _BEGIN.match(line):
        word = found.group(1) or found.group(2) or found.group(3)
        if parts is not None:
            strip_logger(line, found.end(), parts)
        return levels.WORDS[word.upper()]
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
        return _REDIS.get(sign, UNLEVELLED)
    if depth >= _DEPTH:
        return UNLEVELLED
    if parts is not None:
        parts.message = rest
    if (stamped := STAMP.match(rest)) and (run := _RUN.match(rest, stamped.end())):
        # A rack's log: time, node, `RAS KERNEL LEVEL`.
        rest = rest[: stamped.end()] + " " + rest[run.end() :]
    return max(scan(rest, parts, depth + 1), UNLEVELLED)


def _pri(line: str, found: re.Match[str], parts: Parts | None, depth: int) -> int:
    severity = int(found.group(1)) & 7
    code = levels.of_syslog(severity) or UNLEVELLED
    rest = line[found.end() :]
    if depth >= _DEPTH:
        return code
    header = _RFC5424.match(rest) if line[found.end() - 2 : found.end()] == "1 " else None
    if header is None:
        if parts is not None:
            parts.message = rest
            scan(rest, parts, depth + 1)
        return code
    if parts is not None:
        parts.stamp, parts.logger = parts.stamp or rest.split(" ", 1)[0], header.group(2)
        _inner(rest[header.end() :].removeprefix("\ufeff"), parts, depth)
    return code

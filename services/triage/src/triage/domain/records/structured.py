"""The level and the parts of a record written as one JSON object, by any of the usual schemas.

structlog, zap, logrus, zerolog, slog, pino, bunyan, winston, Monolog, ECS, GELF,
OTLP, Google and Azure, CLEF, MongoDB, journald, Logstash, tracing, Docker.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from triage.domain.model import Level
from triage.domain.records import levels
from triage.domain.records.otlp import severity_of
from triage.domain.records.parts import UNHEADED, UNLEVELLED, Parts
from triage.domain.records.schema import (
    ERRORS,
    LEVELS,
    MESSAGES,
    NESTED,
    fill,
)

_DEPTH: Final = 4
_FRAGMENT: Final = re.compile(
    r"\"(?:level|lvl|severity|log\.level|levelname|severityText|@l|log_level|loglevel)\"\s{0,4}:\s{0,4}\"(\w{1,15})\""
)
_EMPTY: Final = frozenset({"", "null", "none", "nil", "<nil>", "false", "ok", "undefined", "0", "-"})
_REQUEST_KEYS: Final = frozenset(
    {"path", "uri", "url", "method", "request", "req", "httpRequest", "requestPath"}
)


def load(line: str) -> Mapping[str, Any] | None:
    """The object a line holds; None where it holds anything else."""
    try:
        value = orjson.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def of_fragment(line: str) -> int:
    """The level of an object that was cut short; UNHEADED where none shows."""
    found = _FRAGMENT.search(line)
    level = levels.of_word(found.group(1)) if found else None
    return UNHEADED if level is None else level


def scan(fields: Mapping[str, Any], parts: Parts | None, depth: int = 0) -> int:
    """A `Level`, or `UNLEVELLED` where neither a field nor the text inside states one."""
    level = stated(fields)
    if parts is not None:
        fill(fields, parts)
    # systemd files everything a service prints under 6: what the line itself says is worth more.
    if level is not None and not (level == Level.INFO and "PRIORITY" in fields):
        return level
    inner = _inner(fields, parts, depth)
    if inner > UNLEVELLED:
        return inner
    if level is not None:
        return level
    if parts is not None:
        parts.failed = _failed(fields)
    return UNLEVELLED


def stated(fields: Mapping[str, Any], depth: int = 0) -> Level | None:
    """The level the object's own fields state, looking into the usual nested objects."""
    for key in LEVELS:
        if key in fields and (level := _level(key, fields[key], fields)) is not None:
            return level
    if "@t" in fields and ("@mt" in fields or "@m" in fields or "@i" in fields):
        return Level.INFO  # CLEF leaves Information out
    if "resourceLogs" in fields or "scopeLogs" in fields or "logRecords" in fields:
        return severity_of(fields)
    if depth < _DEPTH:
        for key in NESTED:
            inner = fields.get(key)
            if isinstance(inner, dict) and (level := stated(inner, depth + 1)) is not None:
                return level
    return None


def _level(key: str, value: Any, fields: Mapping[str, Any]) -> Level | None:  # noqa: C901, PLR0911 - one branch a scale
    if isinstance(value, dict):
        name = value.get("name")
        return levels.of_word(name) if isinstance(name, str) else None
    if isinstance(value, str):
        word = value.strip()
        if not word.isdecimal():
            # MongoDB's severity is one letter, so is glog's in JSON; `s` alone could be anything.
            if key == "s":
                return _mongo(word, fields)
            if key in ("status", "type", "kind", "result") and word.upper() in (
                "SUCCESS",
                "STATUS",
                "SYSTEM",
                "QUERY",
            ):
                return None
            return (
                levels.of_word(word)
                or (levels.of_letter(word) if len(word) == 1 else None)
                or _suffixed(word)
            )
        if len(word) > 6:  # noqa: PLR2004 - no scale of levels is that long
            return None
        value = int(word)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if key in ("severityNumber", "severity_number", "SeverityNumber"):
        return levels.of_otel(int(value))
    if key in ("levelno", "level_no"):
        return levels.of_python(int(value))
    if key in ("s", "status", "type", "kind", "result"):
        return None
    return _small(key, value, fields)


def _small(key: str, value: float, fields: Mapping[str, Any]) -> Level | None:
    """Scales that share the numbers below ten, told apart by the fields around them."""
    if value != value or abs(value) > 1e6:  # noqa: PLR0124, PLR2004 - NaN is the number that differs from itself
        return None
    if key == "severityLevel" or ("reqId" in fields and "app" in fields):
        # Application Insights and Nextcloud count upwards: 3 error, 4 critical.
        return (Level.DEBUG, Level.INFO, Level.WARN, Level.ERROR, Level.FATAL)[min(max(int(value), 0), 4)]
    return levels.of_number(value) if value >= 0 else None


def _mongo(word: str, fields: Mapping[str, Any]) -> Level | None:
    if "c" not in fields and "ctx" not in fields:
        return None
    return levels.of_letter(word[:1]) if len(word) <= 2 else None  # noqa: PLR2004 - D1 to D5


def _suffixed(word: str) -> Level | None:
    """`SEVERITY_ERROR`, `LogLevel.Error`, `level-error`: the last part is the level."""
    return levels.of_word(re.split(r"[._:\s-]", word[:40])[-1].rstrip("1234"))


def _inner(fields: Mapping[str, Any], parts: Parts | None, depth: int) -> int:
    """What the text inside says of itself: a wrapped line, or an object printed as a string."""
    if depth >= _DEPTH:
        return UNLEVELLED
    for key in MESSAGES:
        value = fields.get(key)
        if isinstance(value, str) and value:
            from triage.domain.records.lines import scan_line  # noqa: PLC0415 - fields hold text, text holds fields

            inside = (
                None
                if parts is None
                else Parts(stamp=parts.stamp, logger=parts.logger, trace_id=parts.trace_id)
            )
            code = scan_line(value.split("\n", 1)[0] if value[:1] != "{" else value, inside, depth + 1)
            if inside is not None and parts is not None and code >= UNLEVELLED and inside.message:
                parts.message, parts.logger = inside.message, inside.logger
                parts.trace_id, parts.stamp = inside.trace_id, inside.stamp
            return code
    return UNLEVELLED


def _failed(fields: Mapping[str, Any]) -> bool | None:
    """True where a field that only failures have is filled; None leaves it to the words of the message."""
    for key in ERRORS:
        value = fields.get(key)
        if isinstance(value, str):
            if value.strip().lower() not in _EMPTY:
                return True
        elif (isinstance(value, dict | list) and value) or value is True:
            return True
    status = fields.get("status", fields.get("status_code", fields.get("statusCode")))
    if isinstance(status, int) and not _REQUEST_KEYS.isdisjoint(fields):
        return 400 <= status <= 599  # noqa: PLR2004 - RFC 9110: the error classes
    return None

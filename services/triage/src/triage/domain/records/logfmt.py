"""The parts of a logfmt line: `time=... level=error msg="..." logger=...`."""

import re
from typing import Final

from triage.domain.records.parts import Parts

_PAIR: Final = re.compile(r"(?:^|(?<=\s))([\w.@-]{1,40})=(?:\"((?:[^\"\\]|\\.){0,8192})\"|([^\s\"]{0,1024}))")
_MESSAGE: Final = ("msg", "message", "event", "err", "error")
_STAMP: Final = ("time", "ts", "timestamp", "t", "at", "datetime")
_LOGGER: Final = ("logger", "component", "service", "caller", "module", "unit", "source", "subsys")
_TRACE: Final = ("trace_id", "traceid", "traceID", "traceId", "trace.id", "dd.trace_id")
_PAIRS: Final = 64


def fill(line: str, parts: Parts) -> None:
    """Read at most 64 pairs into `parts`; without a message field the whole line is the message."""
    pairs: dict[str, str] = {}
    for number, found in enumerate(_PAIR.finditer(line)):
        if number == _PAIRS:
            break
        key, quoted, plain = found.groups()
        pairs.setdefault(
            key, quoted.replace('\\"', '"').replace("\\n", "\n") if quoted is not None else plain
        )
    message = _first(pairs, _MESSAGE)
    error = _first(pairs, ("err", "error"))
    if error and error not in message:
        message = f"{message}: {error}"
    parts.message = message or line
    parts.stamp = parts.stamp or _first(pairs, _STAMP)
    parts.logger = _first(pairs, _LOGGER) or parts.logger
    parts.trace_id = _first(pairs, _TRACE) or parts.trace_id


def _first(pairs: dict[str, str], keys: tuple[str, ...]) -> str:
    return next((pairs[key] for key in keys if pairs.get(key)), "")

"""What a container runtime or a log shipper wrapped around a line, taken off."""

import re
from dataclasses import dataclass
from typing import Final

import orjson

_CRI: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout"
    r"|stderr) ([FP])(?::\w{1,16})? ?"
)
# `docker compose logs` and `kubectl logs --prefix`.
_COMPOSE: Final = re.compile(r"([A-Za-z0-9][\w.-]{0,62})\s{1,40}\| ?")
_PREFIX: Final = re.compile(r"\[(pod/[^\]\s]{1,200})\] ")
_ACTIONS: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z) (?=##\[|\S)")
_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A line from inside, and what the wrapping said of it."""

    line: str
    stream: str = ""
    stamp: str = ""
    source: str = ""
    partial: bool = False
    """The runtime cut the line here; the next one of this stream goes on with it."""


def unwrap(line: str) -> Wrapped | None:
    """None for a line that is not wrapped, which is most of them; at most four wrappings deep."""
    outer: Wrapped | None = None
    for _ in range(_DEPTH):
        inner = _once(outer.line if outer else line)
        if inner is None:
            break
        outer = inner if outer is None else _joined(outer, inner)
    return outer


def _once(line: str) -> Wrapped | None:  # noqa: PLR0911 - one return a wrapping
    first = line[:1]
    if first == "{":
        return _docker(line) if '"log":' in line[:16] or ('"stream":' in line and '"log":' in line) else None
    if first.isdigit() and line[4:5] == "-" and line[10:11] == "T":
        if found := _CRI.match(line):
            stamp, stream, tag = found.groups()
            return Wrapped(line[found.end() :], stream, stamp, partial=tag == "P")
        if found := _ACTIONS.match(line):
            return Wrapped(line[found.end() :], stamp=found.group(1))
        return None
    if first == "[":
        found = _PREFIX.match(line)
        return Wrapped(line[found.end() :], source=found.group(1)) if found else None
    if "|" in line[:104] and (found := _COMPOSE.match(line)):
        return Wrapped(line[found.end() :], source=found.group(1))
    return None


def _docker(line: str) -> Wrapped | None:
    try:
        fields = orjson.loads(line)
    except ValueError:
        return None
    text = fields.get("log")
    if not isinstance(text, str) or fields.keys() - {"log", "stream", "time", "attrs"}:
        return None
    stream, stamp = str(fields.get("stream", "")), str(fields.get("time", ""))
    return Wrapped(text.rstrip("\n"), stream, stamp, partial=not text.endswith("\n") and bool(stream))


def _joined(outer: Wrapped, inner: Wrapped) -> Wrapped:
    return Wrapped(
        inner.line,
        inner.stream or outer.stream,
        outer.stamp or inner.stamp,
        outer.source or inner.source,
        partial=inner.partial or outer.partial,
    )

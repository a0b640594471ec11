"""A line that was JSON stays JSON, at the price of whole strings where a finer cut would break it."""

import json
from bisect import bisect_left
from collections.abc import Callable, Sequence

from triage.domain.redaction.rule import Hit, Rule, compiled
from triage.domain.redaction.spans import replaced

_TOKEN = compiled(rb"\"(?:[^\"\\]|\\.)*\"|-?[0-9][0-9.eE+-]*")
_NUMBER = b"0123456789.eE+-"
_DIGITS = frozenset({bytes([digit]) for digit in b"0123456789"})
_ENDS = {b"{": frozenset({b"}"}), b"[": frozenset({b"]"}), b'"': frozenset({b'"'})} | dict.fromkeys(
    _DIGITS | {b"-"}, _DIGITS
)
"""How a document ends, by how it begins."""
_LONGEST = 262_144


def without_breaking_json(
    text: bytes, hits: Sequence[Hit], breaks: Sequence[int], name: Callable[[bytes, Rule], bytes]
) -> bytes:
    """The text without the hits. `breaks` are its line ends; no hit reaches over one."""
    out = replaced(text, hits, name)
    starts = [start for start, _, _ in hits]
    lines: list[bytes] | None = None
    fresh = out.split(b"\n")
    for place in dict.fromkeys(bisect_left(breaks, start) for start in starts):
        low = breaks[place - 1] + 1 if place else 0
        high = breaks[place] if place < len(breaks) else len(text)
        if not may_be_json(text[low:high]) or is_json(fresh[place]) or not is_json(text[low:high]):
            continue
        own = hits[bisect_left(starts, low) : bisect_left(starts, high)]
        lines = lines or fresh
        lines[place] = by_token(
            text[low:high], [(start - low, end - low, rule) for start, end, rule in own], name
        )
    return out if lines is None else b"\n".join(lines)


def may_be_json(line: bytes) -> bool:
    """Whether a line begins and ends as a document does: a cheap no for nearly all others."""
    bare = line.strip()
    # Most lines begin with a date, some with an address, and a parser that raises is dear.
    ends = _ENDS.get(bare[:1])
    return ends is not None and bare[-1:] in ends and (ends is not _DIGITS or not bare.strip(_NUMBER))


def is_json(line: bytes) -> bool:
    """Whether a line is one JSON document."""
    bare = line.strip()
    if len(bare) > _LONGEST or not may_be_json(bare):
        return False
    try:
        json.loads(bare)
    except (ValueError, RecursionError):
        return False
    return True


def by_token(line: bytes, hits: Sequence[Hit], name: Callable[[bytes, Rule], bytes]) -> bytes:
    """A JSON line with every string and number that a hit touches replaced as a whole."""
    parts: list[bytes] = []
    done = place = 0
    for token in _TOKEN.finditer(line):
        start, end = token.span()
        while place < len(hits) and hits[place][1] <= start:
            place += 1
        if place == len(hits):
            break
        if hits[place][0] < end:
            content = line[start:end].strip(b'"')
            parts += (line[done:start], b'"' + name(content, hits[place][2]) + b'"')
            done = end
    return b"".join((*parts, line[done:]))

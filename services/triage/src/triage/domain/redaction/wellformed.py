"""A line that was JSON stays JSON, at the price of whole strings where a finer cut would break it."""

import json
from bisect import bisect_left
from collections.abc import Callable, Sequence

from triage.domain.redaction.rule import Hit, Rule, compiled
from triage.domain.redaction.spans import replaced

_TOKEN = compiled(rb"\"(?:[^\"\\]|\\.)*\"|-?[0-9][0-9.eE+-]*")
JSON_STARTS = frozenset({b"{", b"[", b'"', b"<"} | {bytes([sign]) for sign in b"-0123456789"})
"""How a line begins that is JSON, or was before a number at its start went."""
_NUMBER = b"0123456789.eE+-"
_NUMBER_STARTS = frozenset(b"-0123456789")
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
        if (
            fresh[place].lstrip()[:1] not in JSON_STARTS
            or is_json(fresh[place])
            or not is_json(text[low:high])
        ):
            continue
        own = hits[bisect_left(starts, low) : bisect_left(starts, high)]
        lines = lines or fresh
        lines[place] = by_token(
            text[low:high], [(start - low, end - low, rule) for start, end, rule in own], name
        )
    return out if lines is None else b"\n".join(lines)


def is_json(line: bytes) -> bool:
    """Whether a line is one JSON document."""
    bare = line.strip()
    if not bare or bare[:1] not in JSON_STARTS or len(bare) > _LONGEST:
        return False
    if bare[0] in _NUMBER_STARTS and bare.strip(_NUMBER):
        return False  # most lines begin with a date, and raising is dear
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

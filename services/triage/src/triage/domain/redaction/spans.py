"""Spans found on the original text, united, then replaced in one go."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from triage.domain.redaction.rule import Hit, Rule, compiled
from triage.domain.redaction.signs import BACKSLASH, COLON, SMALL_U

PLACEHOLDER = compiled(rb"<[A-Z][A-Z0-9_]{0,30}_[0-9]{1,9}>")
_NUMBER = compiled(rb"\A-?[0-9][0-9.eE+-]*\z")
_BLANK = b" \t"
_FREE = frozenset(b" \t\r\n\"'`()[]{}=,;/|&")


def protected(text: bytes) -> list[tuple[int, int]]:
    """Placeholders that are already there."""
    return [found.span() for found in PLACEHOLDER.finditer(text)] if b"<" in text else []


def masked(text: bytes, kept: Sequence[tuple[int, int]]) -> bytes:
    """The text with each placeholder's word blotted out: PHONE in it says nothing about what follows."""
    if not kept:
        return text
    parts: list[bytes] = []
    done = 0
    for low, high in kept:
        parts += (text[done : low + 1], b"~" * (high - low - 2), b">")
        done = high
    return b"".join((*parts, text[done:]))


def united(hits: Iterable[Hit]) -> list[Hit]:
    """Hits in order, none overlapping; the one that starts first, or else reaches farther, gives its name."""
    out: list[Hit] = []
    for start, end, rule in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
        if out and start < out[-1][1]:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end, out[-1][2])
        elif end > start:
            out.append((start, end, rule))
    return out


def without(hits: Sequence[Hit], kept: Sequence[tuple[int, int]]) -> list[Hit]:
    """Hits cut so that no placeholder is touched."""
    if not kept:
        return list(hits)
    starts = [low for low, _ in kept]
    out: list[Hit] = []
    for start, end, rule in hits:
        at = start
        place = max(0, bisect_right(starts, start) - 1)
        while place < len(kept) and kept[place][0] < end:
            low, high = kept[place]
            if high > at:
                if low > at:
                    out.append((at, low, rule))
                at = max(at, high)
            place += 1
        if at < end:
            out.append((at, end, rule))
    return out


def by_line(text: bytes, hits: Sequence[Hit]) -> list[Hit]:
    """Hits that reach over several lines, cut at the line ends: no redaction joins two lines."""
    out: list[Hit] = []
    for start, end, rule in hits:
        at = start
        while (stop := text.find(b"\n", at, end)) >= 0:
            if text[at:stop].strip():
                out.append((at, stop, rule))
            at = stop + 1
        if text[at:end].strip():
            out.append((at, end, rule))
    return out


def settled(text: bytes, start: int, end: int) -> tuple[int, int]:
    r"""A span moved off half an escape: the n of a `\n` belongs to its backslash."""
    slashes = start
    while slashes and text[slashes - 1] == BACKSLASH:
        slashes -= 1
    if (start - slashes) % 2:
        start += 5 if text[start] == SMALL_U and start + 5 <= end else 1
    while end > start and text[end - 1] == BACKSLASH and (end == len(text) or text[end] in b"\"'nrtu/\\"):
        end -= 1
    return start, end


def stands_free(text: bytes, start: int, end: int) -> bool:
    """Whether a span has signs around it that no pattern reads across."""
    if start and text[start - 1] not in _FREE:
        return False
    if end == len(text) or text[end] in _FREE:
        return True
    # A port, or a colon in prose; two colons are an address that lost its start.
    return text[end] == COLON and end + 1 < len(text) and text[end + 1] in b"0123456789 \n"


def replaced(text: bytes, hits: Sequence[Hit], name: Callable[[bytes, Rule], bytes]) -> bytes:
    """The text with every hit replaced, each once."""
    parts: list[bytes] = []
    done = 0
    for start, end, rule in hits:
        placeholder = name(text[start:end], rule)
        parts.append(text[done:start])
        parts.append(_as_json(text, start, end, placeholder))
        done = end
    parts.append(text[done:])
    return b"".join(parts)


def _as_json(text: bytes, start: int, end: int, placeholder: bytes) -> bytes:
    """A placeholder in quotes where a bare JSON number stood, so that what was JSON still is."""
    last = _significant(text, start - 1, -1)
    if last < 0 or text[last] not in b":,[" or not _NUMBER.search(text[start:end]):
        return placeholder
    following = _significant(text, end, 1)
    if following < len(text) and text[following] not in b",]}":
        return placeholder
    line = text.rfind(b"\n", 0, start) + 1
    if text[line : line + 40].lstrip(b" \t")[:1] not in {b"{", b"[", b'"'}:
        return placeholder
    quote = text.rfind(b'"', max(line, start - 2048), start)
    if quote < 0 or (text[last] == COLON and quote != _significant(text, last - 1, -1)):
        return placeholder
    slashes = quote
    while slashes > line and text[slashes - 1] == BACKSLASH:
        slashes -= 1
    escape = text[slashes : quote + 1]
    return escape + placeholder + escape


def _significant(text: bytes, at: int, step: int) -> int:
    while 0 <= at < len(text) and text[at] in _BLANK:
        at += step
    return at

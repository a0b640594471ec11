"""How far a value reaches: to its closing quote, or to where an unquoted one stops."""

import re
from dataclasses import dataclass

from triage.domain.redaction.rule import compiled
from triage.domain.redaction.signs import AMPERSAND, APOSTROPHE, BACKSLASH, DOT, LESS, after

LONGEST = 16_384
"""Bytes of one value that are looked at; a longer one is redacted up to here, then as a further value."""

# One sign is sought in linear time by any engine, and this one answers sooner.
_STOP = re.compile(rb"[ \t\n\f\r\"'`&;,<\\)\]}\x00]")
_QUOTES = frozenset(b"\"'`")
_LEADS_QUOTE = frozenset(b"bBuUrRfF@$n[\\")
"""What an opener may start with that is no quote: a string's prefix, a call, an escape."""
_OPENER = compiled(rb"(?:[bBuUrRfF@$]|new String\(|\[\]byte\()?(\\{0,31})([\"'`])")
_PARAMETER = compiled(rb"(?:amp;)?[\w.%\[\]-]{1,64}=")
_NEXT_FIELD = compiled(rb"[ \t]*(?:[\w .-]{1,48}[=:]|\\*[\"'])")
_LINE_ESCAPE = compiled(rb"\\+(?:[nrt]|u00(?:26|3[cCeE]|22|27|0[aAdD9])|[\"'`])")
_PLACEHOLDER = compiled(rb"<~+>")
_PAIRS = {0x29: b"(", 0x5D: b"[", 0x7D: b"{"}


@dataclass(frozen=True, slots=True)
class Value:
    """The bytes of a value, without its quotes."""

    start: int
    end: int
    quoted: bool


def line_end(text: bytes, at: int) -> int:
    """The end of the line in which `at` stands, no further than a value may reach."""
    stop = text.find(b"\n", at, at + LONGEST)
    return min(len(text), at + LONGEST) if stop < 0 else stop


def skip_blanks(text: bytes, at: int) -> int:
    limit = min(len(text), at + 16)
    while at < limit and text[at] in b" \t":
        at += 1
    return at


def value_at(text: bytes, at: int) -> Value | None:
    """The value that starts at `at` (blanks before it are skipped), or None where there is none."""
    at = skip_blanks(text, at)
    sign = after(text, at)
    if sign in _QUOTES:
        return quoted(text, at + 1, depth=0, quote=text[at : at + 1])
    opener = _OPENER.match(text, at, min(len(text), at + 64)) if sign in _LEADS_QUOTE else None
    if opener is not None:
        return quoted(text, opener.end(), depth=len(opener.group(1)), quote=opener.group(2))
    end = unquoted_end(text, at)
    return Value(at, end, quoted=False) if end > at else None


def quoted(text: bytes, start: int, *, depth: int, quote: bytes) -> Value:
    r"""A value behind a quote with `depth` backslashes before it: none, one in JSON within JSON, then three.

    A backslash of the value itself is written as twice the sign that escapes a quote
    there, so what is left over from those tells an end (`\\\\\"`) from a quote within.
    """
    limit = line_end(text, start)
    at = start
    while (mark := text.find(quote, at, limit)) >= 0:
        at = mark + 1
        slashes, first = 0, mark - 1
        while first >= start and text[first] == BACKSLASH:
            slashes += 1
            first -= 1
        if slashes < depth or slashes % (2 * depth + 2) == depth:
            return Value(start, mark - min(slashes, depth), quoted=True)
    return Value(start, limit, quoted=True)


def unquoted_end(text: bytes, start: int) -> int:
    """Where a bare value stops.

    Passwords hold every sign there is, so a separator ends one only where what
    follows it looks like the next field.
    """
    limit = line_end(text, start)
    at, end = start, limit
    while stop := _STOP.search(text, at, limit):
        place = stop.start()
        if _ends(text, start, place, limit):
            end = place
            break
        at = place + 1
    while end > start and _loose(text, start, end):
        end -= 1
    return end


def _ends(text: bytes, start: int, at: int, limit: int) -> bool:  # noqa: PLR0911 - one answer for each sign
    sign, following = text[at], text[at + 1] if at + 1 < limit else 10
    if sign == AMPERSAND:
        return _PARAMETER.match(text, at + 1, limit) is not None
    if sign in b";,":
        return following in b" \t\n\r\"'" or _NEXT_FIELD.match(text, at + 1, limit) is not None
    if sign == APOSTROPHE:
        return following in b' \t\n\r,)]};:."' or at == start
    if sign == LESS:
        return following in b"/!" or _PLACEHOLDER.match(text, at, limit) is not None
    if sign == BACKSLASH:
        return _LINE_ESCAPE.match(text, at, limit) is not None
    if sign in _PAIRS:
        return following in b" \t\n\r,;:.([{\"'" and not _balanced(text, start, at)
    return True


def _balanced(text: bytes, start: int, at: int) -> bool:
    """Whether the value itself opened the bracket that closes at `at`."""
    opening, closing = _PAIRS[text[at]], text[at : at + 1]
    first = max(start, at - 256)
    return text.count(opening, first, at) > text.count(closing, first, at)


def _loose(text: bytes, start: int, end: int) -> bool:
    last = text[end - 1]
    return (
        last in b",;:"
        or (last in _PAIRS and not _balanced(text, start, end - 1))
        or (last == DOT and end - start > 1)
    )

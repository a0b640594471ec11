"""A second view of a text, in which what was written to be overlooked reads as it sounds.

Percent-encoding, escapes, entities, full-width letters, look-alikes, colours and
zero-width characters are undone, and every place in the view leads back to the
place in the original from which it came.
"""

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

from triage.domain.redaction.rule import compiled
from triage.domain.redaction.signs import AMPERSAND, BACKSLASH, BLANK, PERCENT

_COLOUR = rb"(?:\x1b|\\+u001[bB]|\\+x1[bB]|\\033|\\e)\[[0-9;?]{0,16}[A-Za-z]"
_TOKEN = compiled(
    _COLOUR
    + rb"|\\+u[0-9A-Fa-f]{4}|\\+x[2-7][0-9A-Fa-f]|%(?:25){0,3}[0-7][0-9A-Fa-f]|\\+/"
    + rb"|&(?:#[0-9]{2,3}|#[xX][0-9A-Fa-f]{2}|amp|quot|lt|gt|apos|commat);"
    + rb"|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf"
    + rb"|\xc2[\xad\xa0]|\xe3\x80\x80|[\x00\x08]"
    + rb"|\xef[\xbc\xbd][\x80-\xbf]|[\xce\xcf\xd0\xd1][\x80-\xbf]|\xf0\x9d[\x90-\x9f][\x80-\xbf]"
)
_NAMED = {b"amp": b"&", b"quot": b'"', b"lt": b"<", b"gt": b">", b"apos": b"'", b"commat": b"@"}
_LOOKALIKE = dict(
    zip(
        "аеорсухіјѕԁһԛԝвмтнкАВЕКМНОРСТУХІЈЅԌοανιρτυκχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "aeopcyxijsdhqwbmthkABEKMHOPCTYXIJSGoavipτukxyABEZHIKMNOPTYX".replace("τ", "t"),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Folded:
    """Whole lines of a text, rewritten, with the way back."""

    text: bytes
    view: list[int]
    """Where each piece starts in the view, ascending."""
    origin: list[int]
    """Where the same piece starts in the original."""
    rewritten: list[int]
    """The piece's length in the original if it was rewritten, else 0."""

    def extent(self, start: int, end: int) -> tuple[int, int]:
        """The original's bytes behind `start` to `end` of the view."""
        return self._place(start, last=False), self._place(end - 1, last=True)

    def _place(self, at: int, *, last: bool) -> int:
        piece = bisect_right(self.view, at) - 1
        if self.rewritten[piece]:
            return self.origin[piece] + (self.rewritten[piece] if last else 0)
        return self.origin[piece] + at - self.view[piece] + (1 if last else 0)


def fold(text: bytes) -> Folded | None:
    """The lines of `text` that hold something to undo, or None where nothing does."""
    parts: list[bytes] = []
    view: list[int] = []
    origin: list[int] = []
    rewritten: list[int] = []
    size, done, line_end = 0, 0, -1

    def put(piece: bytes, at: int, length: int) -> None:
        nonlocal size
        if piece:
            view.append(size)
            origin.append(at)
            rewritten.append(length)
            parts.append(piece)
            size += len(piece)

    for token in _TOKEN.finditer(text):
        start, end = token.span()
        if start > line_end:
            if line_end >= 0:
                put(text[done:line_end] + b"\n", done, 0)
            done = text.rfind(b"\n", 0, start) + 1
            line_end = text.find(b"\n", start)
            line_end = len(text) if line_end < 0 else line_end
        put(text[done:start], done, 0)
        put(_plain(text[start:end]), start, end - start)
        done = end
    if line_end < 0:
        return None
    put(text[done:line_end], done, 0)
    return Folded(b"".join(parts), view, origin, rewritten) if parts else None


def _plain(token: bytes) -> bytes:
    """What one encoded token stands for; nothing for what cannot be seen."""
    if token[0] == BACKSLASH:
        body = token.lstrip(b"\\")
        if body == b"/":
            return b"/"
        return b"" if b"[" in body else _character(int(body[1:], 16))
    if token[0] == PERCENT:  # a percent sign
        return _character(int(token[-2:], 16))
    if token[0] == AMPERSAND:
        return _entity(token[1:-1])
    if token[0] < 0x80:  # noqa: PLR2004 - colours and control characters
        return b""
    return _character(ord(token.decode("utf-8", "replace")[0]))


def _entity(name: bytes) -> bytes:
    if name[:1] != b"#":
        return _NAMED[name]
    return _character(int(b"0" + name[1:], 16) if name[1:2] in b"xX" else int(name[1:]))


def _character(code: int) -> bytes:
    if code < BLANK or code in {0xA0, 0x3000}:
        return b" "
    if unicodedata.category(letter := chr(code)) in {"Cf", "Cs", "Mn"}:
        return b""
    return _LOOKALIKE.get(letter, unicodedata.normalize("NFKC", letter)).encode("utf-8", "replace")

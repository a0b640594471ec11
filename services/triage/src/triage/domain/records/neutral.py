"""Text that cannot move a cursor, reorder a line or hide a letter: control, ANSI, bidi and zero-width gone.

They are taken out rather than shown as signs: a zero-width space inside
`pass<U+200B>word=` would otherwise hide the word from every rule after this one.
"""

import re

_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, erase
    r"|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # OSC, DCS, SOS, PM, APC strings
    r"|[ -/]*[0-~])?"  # two-byte escapes
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
# White space keeps its width, so that words on either side stay two words.
_BLANK = frozenset("\x0b\x0c\r\x85\u2028\u2029\x1c\x1d\x1e\x1f")


def _safe(match: re.Match[str]) -> str:
    char = match.group()
    if char in _BLANK:
        return " "
    return "\ufffd" if "\ud800" <= char <= "\udfff" else ""


def neutralise(text: str) -> str:
    """`text` with tabs and newlines kept and every other invisible or directional character gone."""
    # `isprintable` on ASCII is one pass in C; log text without tabs leaves here.
    if text.isascii() and text.isprintable():
        return text
    if "\x1b" in text or "\x9b" in text:
        text = _ANSI.sub("", text)
    return _UNSAFE.sub(_safe, text)

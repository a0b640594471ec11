"""A secret in the cell next to its name: `password<TAB>...`, `|password|...|`, `password;...`."""

from collections.abc import Iterator

from triage.domain.redaction.chance import looks_random
from triage.domain.redaction.looks import Look
from triage.domain.redaction.names import rule_for
from triage.domain.redaction.rule import Hit, compiled
from triage.domain.redaction.signs import DIGITS, LOWER, UPPER
from triage.domain.redaction.worth import Style, is_secret

_NAME = rb"(?i:password|passwd|passphrase|pwd|secret|token|api[ _-]?key|access[ _-]?key)"
_WHOLE = rb"([\w.-]{0,40}" + _NAME + rb")"
# A semicolon also ends a clause or a statement, so there the name must begin a cell.
_CELL = compiled(
    rb"(?:(?:^|[\s|\"'])" + _WHOLE + rb"[ ]{0,4}[\t|]|(?:^|[;\n])" + _WHOLE + rb";)"
    rb"[ ]{0,4}([^\s|;\"'=]{6,256})(?:[\s|;]|\z)"
)
_NEITHER = frozenset(b"_-./:+,()[]{}<>~#\\")
"""Signs of names, dates, paths and types, of which headings and columns are full."""


def cell_hits(text: bytes) -> Iterator[Hit]:
    """Only what no heading and no column of another kind looks like counts."""
    for found in _CELL.finditer(text):
        rule, value = rule_for(found.group(1) or found.group(2)), found.group(3)
        if rule and _is_odd(value) and is_secret(rule, value, Style.COLON, more_follows=False):
            yield *found.span(3), rule


def _is_odd(value: bytes) -> bool:
    """Letters and digits with a sign that passwords have, or too random for a word."""
    kinds = [any(byte in kind for byte in value) for kind in (DIGITS, LOWER, UPPER)]
    signs = any(byte not in DIGITS | LOWER | UPPER | _NEITHER for byte in value)
    return looks_random(value) or (kinds[0] and (kinds[1] or kinds[2]) and signs)


LOOKS = (Look(_NAME + rb"[ ]*[\t|;]", cell_hits),)

"""User names: shown as they were typed, compared as people read them."""

import unicodedata
from typing import Final

MAX_LENGTH: Final = 128
# Control and format characters, halves of pairs, unassigned, breaks of lines: what nobody sees in a name,
# or what shows another name than it is.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})


def username_key(typed: str) -> str | None:
    """What all spellings of one name have in common; None where it can be nobody's name."""
    if not 0 < len(typed) <= MAX_LENGTH:
        return None
    key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", typed).casefold()).strip()
    if not 0 < len(key) <= MAX_LENGTH or not _UNSEEN.isdisjoint(map(unicodedata.category, key)):
        return None
    return key

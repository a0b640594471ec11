"""User names: shown as they were typed, compared as people read them."""

import unicodedata
from typing import Final

MAX_LENGTH: Final = 128


def username_key(typed: str) -> str | None:
    """What all spellings of one name have in common; None where it can be nobody's name."""
    if not 0 < len(typed) <= MAX_LENGTH:
        return None
    key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", typed).casefold()).strip()
    if not 0 < len(key) <= MAX_LENGTH or any(unicodedata.category(c) in ("Cc", "Cs", "Cn") for c in key):
        return None
    return key

"""Which strings read like chance rather than like a name, a path or a hash."""

from operator import ne

from triage.domain.redaction.rule import Extent, compiled
from triage.domain.redaction.signs import ALNUM, DIGITS, LOWER, UPPER, before, escaped

_RANDOM = compiled(rb"\A[0-9A-Za-z+/=_%-]+\z")
_SHORTEST = 16
_UPPER, _LOWER, _DIGITS = bytes(sorted(UPPER)), bytes(sorted(LOWER)), bytes(sorted(DIGITS))
_KINDS = bytes((byte in UPPER) + 2 * (byte in LOWER) for byte in range(256))


def looks_random(value: bytes) -> bool:
    """Whether a key or token reads like chance: long enough, letters and digits mixed, no path or prose."""
    if len(value) < 16 or value[:1] in b"/.~" or not _RANDOM.search(value):  # noqa: PLR2004
        return False
    digits = sum(byte in DIGITS for byte in value)
    letters = sum(byte in ALNUM for byte in value) - digits
    return digits >= 2 and letters >= 2 and digits + letters >= len(value) * 0.8 and len(set(value)) > 5  # noqa: PLR2004


def mixed(text: bytes, start: int, end: int) -> Extent | None:
    """A token whose prefix also begins ordinary names: digits throughout and few separators."""
    value = text[start:end]
    separators = value.count(b"_") + value.count(b"-")
    digits = sum(byte in DIGITS for byte in value)
    if len(value) < _SHORTEST or digits < max(2, len(value) // 12) or separators > 3 + len(value) // 12:
        return None
    return start, end


def dense(text: bytes, start: int, end: int) -> Extent | None:
    """Base64 or base62 that no word, path, hash or identifier looks like."""
    value = text[start:end]
    if value.islower() or value.isupper() or value.isalpha() or value.isdigit():
        return None
    if before(text, start) in b"./%@:\\" and not escaped(text, start):
        return None
    size = len(value)
    upper = size - len(value.translate(None, _UPPER))
    lower = size - len(value.translate(None, _LOWER))
    digits = size - len(value.translate(None, _DIGITS))
    if min(upper, lower) < size // 6 or digits < max(3, size // 20) or value.count(b"/") > size // 16:
        return None
    if value.count(b"-") + value.count(b"_") > size // 10 or len(set(value)) < min(20, size // 2):
        return None
    changes = sum(map(ne, kinds := value.translate(_KINDS), kinds[1:]))
    return (start, end) if changes * 3 >= size else None

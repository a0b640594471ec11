"""Which strings read like chance rather than like a name, a path or a hash."""

from operator import ne

from triage.domain.redaction.rule import Extent, compiled
from triage.domain.redaction.signs import ALNUM, DIGITS, LOWER, PLUS, UPPER, before, escaped

_RANDOM = compiled(rb"\A[0-9A-Za-z+/=_%-]+\z")
_SHORTEST = 16
_OPEN = (
    *(b"sha1-", b"sha256-", b"sha384-", b"sha512-"),
    *(b"AAAAB3NzaC1", b"AAAAC3NzaC1", b"AAAAE2VjZHNh", b"AAAAGnNr"),
)
"""How digests that guard what is downloaded begin, and public keys of SSH: both are there to be shown."""
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


def is_made_up(body: bytes) -> bool:
    """Whether what follows a token's prefix is a mask (`xxxx`) or words (`your-token-here`)."""
    bare = body.translate(None, b"-_.")
    return not bare.strip(b"xX*") or (bare.isalpha() and bare.islower())


def in_base64(text: bytes, at: int) -> bool:
    """Whether the plus before `at` stands within Base64, not between the words of a query."""
    run = text[max(0, at - _SHORTEST - 1) : at - 1] if at and text[at - 1] == PLUS else b""
    mixed_case = not run.isupper() and not run.islower()
    return (
        len(run) == _SHORTEST and mixed_case and bool(_RANDOM.search(run)) and _changes(run) * 3 >= len(run)
    )


def _changes(value: bytes) -> int:
    """How often capitals, small letters and other signs take turns."""
    kinds = value.translate(_KINDS)
    return sum(map(ne, kinds, kinds[1:]))


def dense(text: bytes, start: int, end: int) -> Extent | None:
    """Base64 or base62 that no word, path, hash or identifier looks like."""
    value = text[start:end]
    if value.islower() or value.isupper() or value.isalpha() or value.isdigit():
        return None
    if before(text, start) in b"./%@:\\" and not escaped(text, start):
        return None
    if value.startswith(_OPEN):
        return None
    size = len(value)
    upper = size - len(value.translate(None, _UPPER))
    lower = size - len(value.translate(None, _LOWER))
    digits = size - len(value.translate(None, _DIGITS))
    if min(upper, lower) < size // 6 or digits < max(3, size // 20) or value.count(b"/") > size // 16:
        return None
    if value.count(b"-") + value.count(b"_") > size // 10 or len(set(value)) < min(20, size // 2):
        return None
    return (start, end) if _changes(value) * 3 >= size else None

"""Which matches are addresses of machines and mailboxes, and which only look like it."""

import ipaddress

from triage.domain.redaction.rule import Extent, compiled
from triage.domain.redaction.signs import ALNUM, DIGITS, DOT, WORD, after, before, escaped, starts_word

_VERSION_BEFORE = compiled(
    rb"(?i)\b(?:versions?|ver|release|build|v|chrome|firefox|safari|edge?|opr|msie|gecko"
    rb"|applewebkit)[ \t]?[=:/ \"'(]{0,3}$"
)
_VERSION_AFTER = compiled(
    rb"(?i)(?:[.-](?:jar|war|dll|so|exe|zip|tar|gz|tgz|rpm|deb|whl|snapshot|release|final|rc|beta|alpha|el\d))"
)
_LISTENS = compiled(rb"(?i)\bbind|\blisten")
_FILES = frozenset(b"png jpg jpeg gif svg webp js ts css py go java rb".split())
_OCTET = 255
_FEWEST_COLONS = 2
_MAPPED = 0xFFFF
_COLONS_OF_LETTERS = 4
"""Colons from which even an address without any digit is believed."""


def ipv4(text: bytes, start: int, end: int) -> Extent | None:  # noqa: PLR0911 - the cheapest no comes first
    """Four octets that are no version number."""
    for octet in text[start:end].split(b"."):
        if len(octet) == 3 and octet > b"255":  # noqa: PLR2004
            return None
    last, following = before(text, start), after(text, end)
    if last in DIGITS or following in DIGITS:
        return None
    if last == DOT and before(text, start - 1) in DIGITS:
        return None
    if following == DOT and after(text, end + 1) in DIGITS:
        return None
    if following in b".-" and _VERSION_AFTER.match(text, end):
        return None
    if text[start:end] == b"0.0.0.0" and _LISTENS.search(text[max(0, start - 24) : start]):
        return None
    # Only a letter or what may follow "version" is worth the look behind.
    if (last in ALNUM or last in b"=:/ \"'(") and _VERSION_BEFORE.search(text[max(0, start - 20) : start]):
        return None
    return start, end


def dashed_ipv4(text: bytes, start: int, end: int) -> Extent | None:
    """The octets of a cloud's own host name, `ip-10-1-2-3`."""
    first = start + text[start:end].index(b"-") + 1
    if not starts_word(text, start) or after(text, end) in WORD:
        return None
    return (first, end) if all(int(octet) < 256 for octet in text[first:end].split(b"-")) else None  # noqa: PLR2004


def ipv6(text: bytes, start: int, end: int) -> Extent | None:
    """What the standard library can read as an address, with a zone or a port after it."""
    if before(text, start) in WORD and not escaped(text, start):
        return None
    zone = text.find(b"%", start, end)
    stop = zone if zone > 0 else end
    if after(text, stop) in WORD:
        return None
    candidate = text[start:stop].rstrip(b".")
    while candidate.endswith(b":") and not candidate.endswith(b"::"):
        candidate = candidate[:-1]
    if candidate.count(b":") < _FEWEST_COLONS or (
        not any(byte in DIGITS for byte in candidate) and candidate.count(b":") < _COLONS_OF_LETTERS
    ):
        return None
    for attempt in (candidate, candidate.rpartition(b":")[0]):
        try:
            address = ipaddress.IPv6Address(attempt.decode("latin-1"))
        except ValueError:
            continue
        # `::ffff` begins a mapped address and is none itself, and no port follows `::`.
        if int(address) in {0, _MAPPED} or (attempt != candidate and attempt.endswith(b":")):
            return None
        return start, (end if zone > 0 else start + len(attempt))
    return None


def email(text: bytes, start: int, end: int) -> Extent | None:
    """An address with a real-looking top-level domain; not a file, not `git@host:path`."""
    value = text[start:end]
    local, _, domain = value.rpartition(b"@")
    top = domain.rsplit(b".", 1)[-1].lower()
    if top in _FILES:
        return None
    if local == b"git" and after(text, end) in b":/":
        return None
    return start, end


def mac_address(text: bytes, start: int, end: int) -> Extent | None:
    """Six octets, not six of more."""
    around = (before(text, start), after(text, end))
    if any(byte in WORD for byte in around):
        return None
    return (
        None if around[0] in b":-" or (around[1] in b":-" and after(text, end + 1) in ALNUM) else (start, end)
    )

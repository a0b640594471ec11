"""The checks that rules name for what a pattern cannot say."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from triage.domain.redaction.addresses import dashed_ipv4, email, ipv4, ipv6, mac_address
from triage.domain.redaction.chance import dense, mixed
from triage.domain.redaction.numbers import bitcoin, card, iban, phone, ssn
from triage.domain.redaction.rule import Extent, compiled
from triage.domain.redaction.signs import WORD, after, starts_word

Validator: TypeAlias = Callable[[bytes, int, int], Extent | None]
"""Text, start and end of a match to the extent that really is one, or None."""


def whole_word(text: bytes, start: int, end: int) -> Extent | None:
    """Nothing before or after that would make it part of something longer."""
    if not starts_word(text, start) or after(text, end) in WORD:
        return None
    return start, end


def hash_alone(text: bytes, start: int, end: int) -> Extent | None:
    """A hash that is no part of a file's name, as those of built assets are (`logo.ico-1f2e.png`)."""
    return None if _EXTENSION.match(text, end) else (start, end)


_EXTENSION = compiled(
    rb"\.(?:png|jpe?g|gif|svg|webp|ico|avif|css|m?js|map|json|html?|woff2?|ttf|eot|mp[34]|pdf|zip|t?gz)\b"
)
VALIDATORS: Mapping[str, Validator] = MappingProxyType(
    {
        "bitcoin": bitcoin,
        "card": card,
        "dashed-ipv4": dashed_ipv4,
        "dense": dense,
        "email": email,
        "hash-alone": hash_alone,
        "iban": iban,
        "ipv4": ipv4,
        "ipv6": ipv6,
        "mac": mac_address,
        "mixed": mixed,
        "phone": phone,
        "ssn": ssn,
        "word": whole_word,
    }
)

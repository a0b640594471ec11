"""SECRET_KEY and its predecessors, of which every purpose gets keys of its own (HKDF, RFC 5869)."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """`current` makes; `current` and `previous` open and check.

    While a fleet is moved to a new key, each replica knows both, whichever it
    calls current, so that each understands what the other made.
    """

    current: bytes = field(repr=False)
    previous: Sequence[bytes] = field(default=(), repr=False)

    @property
    def all(self) -> tuple[bytes, ...]:
        """The current one first."""
        return (self.current, *self.previous)

    def derive(self, purpose: str) -> tuple[bytes, ...]:
        """One 32-byte key per secret, the current one's first."""
        return tuple(_hkdf(secret, purpose.encode()) for secret in self.all)


def _hkdf(secret: bytes, info: bytes) -> bytes:
    extracted = hmac.digest(bytes(_BYTES), secret, hashlib.sha256)
    return hmac.digest(extracted, info + b"\x01", hashlib.sha256)

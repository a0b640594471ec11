"""The keys a password is mixed with before bcrypt, so that a stolen table alone is worth nothing.

A pepper is derived from `SECRET_KEY` and named by an id that says nothing about it. The id is kept
beside each hash: after `SECRET_KEY` changes, a hash still says which pepper it was made with, is
checked with that one while the old key is given as previous, and is made anew with the current one
at its owner's next sign-in. A hash whose pepper is no longer given can be checked by nobody, and
its owner needs a reset: `Peppers.ids` is what to look for in the table before the old key is dropped.
"""

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from auth.domain.secret_keys import SecretKeys

_KEY: Final = "auth/password-pepper/v1"
_ID: Final = "auth/password-pepper-id/v1"
_ID_BYTES: Final = 6


@dataclass(frozen=True, slots=True)
class Pepper:
    id: str
    key: bytes = field(repr=False)

    def digest(self, password: str) -> bytes:
        """What bcrypt is given: 64 ASCII bytes, so that its limit of 72 and its NULs never matter."""
        normal = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
        return base64.b64encode(hmac.digest(self.key, normal, hashlib.sha384))


@dataclass(frozen=True, slots=True)
class Peppers:
    """The current pepper, which hashes, and the accepted ones, which check."""

    current: Pepper
    accepted: Mapping[str, Pepper]

    @classmethod
    def derive(cls, keys: SecretKeys) -> Self:
        names = (name[:_ID_BYTES].hex() for name in keys.derive(_ID))
        peppers = [Pepper(id=name, key=key) for name, key in zip(names, keys.derive(_KEY), strict=True)]
        return cls(current=peppers[0], accepted={pepper.id: pepper for pepper in peppers})

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self.accepted)

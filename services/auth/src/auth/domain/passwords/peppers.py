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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_PURPOSE = b"auth/password-pepper/v1"
_ID_PURPOSE = b"auth/password-pepper-id/v1"
_KEY_BYTES = 48
_ID_BYTES = 6


def _derive(secret: bytes, *, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA384(), length=length, salt=None, info=purpose).derive(secret)


@dataclass(frozen=True, slots=True)
class Pepper:
    id: str
    key: bytes = field(repr=False)

    @classmethod
    def derive(cls, secret_key: bytes) -> Self:
        return cls(
            id=_derive(secret_key, purpose=_ID_PURPOSE, length=_ID_BYTES).hex(),
            key=_derive(secret_key, purpose=_KEY_PURPOSE, length=_KEY_BYTES),
        )

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
    def derive(cls, secret_key: bytes, previous: Sequence[bytes] = ()) -> Self:
        current = Pepper.derive(secret_key)
        older = [Pepper.derive(key) for key in previous]
        return cls(current=current, accepted={pepper.id: pepper for pepper in (*older, current)})

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self.accepted)

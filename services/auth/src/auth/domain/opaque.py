"""Opaque secrets: random, recognisable by their beginning, told once, kept only as a keyed hash.

    <prefix> base64url( 32 random bytes )

256 random bits need no slow hash. The key under the hash is ours and not in the database, so a dump of it
does not even tell whether a guess is right.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from auth.domain.secret_keys import SecretKeys

_BYTES: Final = 32
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class Opaque:
    """One of them, at the only moment when it is known.

    Attributes:
        text: for its holder.
        digest: for the database.
        shown: its first characters, to recognise it by.
    """

    text: str = field(repr=False)
    digest: bytes = field(repr=False)
    shown: str


class OpaqueSecrets:
    """Makes and recognises those of one kind; each kind has a prefix and keys of its own."""

    def __init__(
        self, *, prefix: str, purpose: str, keys: SecretKeys, randomness: Callable[[int], bytes]
    ) -> None:
        self._prefix = prefix
        self._keys = keys.derive(purpose)
        self._randomness = randomness

    def make(self) -> Opaque:
        raw = self._randomness(_BYTES)
        text = self._prefix + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        return Opaque(text, self._digest(text, self._keys[0]), text[: len(self._prefix) + _SHOWN])

    def digests(self, text: str) -> list[bytes]:
        """What the database may hold of it, today's first; nothing for what is none of ours."""
        if not text.startswith(self._prefix) or not _TEXT.fullmatch(text[len(self._prefix) :]):
            return []
        return [self._digest(text, key) for key in self._keys]

    def matches(self, text: str, kept: bytes) -> bool:
        """Whether what is kept is of this text; takes as long whatever the answer."""
        digests = self.digests(text) or [self._digest("", key) for key in self._keys]
        found = [hmac.compare_digest(digest, kept) for digest in digests]
        return any(found) and text.startswith(self._prefix)

    @staticmethod
    def _digest(text: str, key: bytes) -> bytes:
        return hmac.digest(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)

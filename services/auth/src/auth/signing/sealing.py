"""Private keys at rest: AES-256-GCM under a key derived from SECRET_KEY, bound to what they are for."""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auth.domain.secret_keys import SecretKeys

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12


class SealedWithAnotherKey(Exception):
    """Neither SECRET_KEY nor SECRET_KEY_PREVIOUS is what this was sealed with."""


class Seal:
    def __init__(self, keys: SecretKeys) -> None:
        self._ciphers = [AESGCM(key) for key in keys.derive("auth/signing-key-seal/v1")]

    def close(self, plain: bytes, *, bound_to: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._ciphers[0].encrypt(nonce, plain, bound_to.encode())

    def renewed(self, sealed: bytes, *, bound_to: str) -> bytes | None:
        """The same, closed with the current secret; None where it was already.

        Raises:
            SealedWithAnotherKey: none of ours.
        """
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            self._ciphers[0].decrypt(nonce, rest, bound_to.encode())
        except InvalidTag:
            return self.close(self.open(sealed, bound_to=bound_to), bound_to=bound_to)
        return None

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """What was sealed, whichever of our secrets it was.

        Raises:
            SealedWithAnotherKey: none of them, or for something else.
        """
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        for cipher in self._ciphers if sealed[:1] == _VERSION else ():
            try:
                return cipher.decrypt(nonce, rest, bound_to.encode())
            except InvalidTag:
                continue
        raise SealedWithAnotherKey

"""The keys in memory: what signs now, and what everybody may verify with."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

import jwt
import orjson

from auth.signing import material
from auth.signing.sealing import Seal
from auth.storage.signing_keys import StoredKey
from chassis.errors import Unavailable
from chassis.security.keyset import KeySet, symmetric_kid
from chassis.security.tokens import TYPE


@dataclass(frozen=True, slots=True)
class _Signing:
    kid: str
    algorithm: str
    key: material.PrivateKey | bytes = field(repr=False)
    head: bytes
    """What every token that this key signs begins with."""

    @classmethod
    def of(cls, kid: str, algorithm: str, key: material.PrivateKey | bytes) -> Self:
        return cls(kid, algorithm, key, _encoded({"alg": algorithm, "kid": kid, "typ": TYPE}))


class Keyring:
    """Empty until `load`.

    Args:
        seal: opens private halves.
        hs256_secrets: where HS256 is the algorithm, the first one signs instead of any stored key,
            and each verifies.
    """

    def __init__(self, seal: Seal, *, hs256_secrets: Sequence[bytes] = ()) -> None:
        self._seal = seal
        self._hs256_secrets = tuple(hs256_secrets)
        self._signing: _Signing | None = None
        self.signing_since: datetime | None = None
        """When the stored key that signs became active; None where none does."""
        self._jwks = b""
        self._verifying = KeySet({})

    @property
    def loaded(self) -> bool:
        return self._signing is not None

    @property
    def verifying(self) -> KeySet:
        return self._verifying

    def jwks(self) -> bytes:
        """RFC 7517, public halves only.

        Raises:
            Unavailable: nothing has been loaded yet.
        """
        if not self.loaded:
            raise _not_loaded()
        return self._jwks

    def load(self, stored: Sequence[StoredKey]) -> None:
        """Takes over what the database holds.

        Raises:
            SealedWithAnotherKey: the active key cannot be opened; everything stays as it was.
        """
        signing = self._choose(stored)
        if signing is None:
            return
        self._signing = signing
        if not self._hs256_secrets:
            self.signing_since = next(key.key.activated_at for key in stored if key.key.state == "active")
        document = {"keys": [dict(key.public_jwk) for key in stored]}
        self._jwks = json.dumps(document, separators=(",", ":")).encode()
        self._verifying = KeySet.from_jwks(self._jwks, hs256_secrets=self._hs256_secrets)

    def sign(self, claims: Mapping[str, Any]) -> str:
        if self._signing is None:
            raise _not_loaded()
        # RFC 7515, 3.1; what PyJWT does besides that costs as much as half a signature.
        signed = self._signing.head + b"." + _encoded(claims)
        signature = jwt.get_algorithm_by_name(self._signing.algorithm).sign(signed, self._signing.key)
        return (signed + b"." + _base64(signature)).decode("ascii")

    def _choose(self, stored: Sequence[StoredKey]) -> _Signing | None:
        if self._hs256_secrets:
            current = self._hs256_secrets[0]
            return _Signing.of(symmetric_kid(current), "HS256", current)
        active = next((each for each in stored if each.key.state == "active"), None)
        if active is None:
            return None
        if self._signing is not None and self._signing.kid == active.key.kid:
            return self._signing
        private = self._seal.open(active.private_sealed, bound_to=active.key.kid)
        return _Signing.of(active.key.kid, active.key.algorithm, material.load(private))


def _encoded(document: Mapping[str, Any]) -> bytes:
    return _base64(orjson.dumps(document))


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _not_loaded() -> Unavailable:
    return Unavailable("Signing keys are not there yet; try again.", retry_after=1)

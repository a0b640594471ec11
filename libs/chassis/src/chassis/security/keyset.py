"""The public keys that access tokens are verified with, by `kid` (RFC 7517)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt

ALGORITHMS: Final = ("EdDSA", "ES256", "RS256", "HS256")
_MIN_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    kid: str
    algorithm: str
    material: Any
    """As PyJWT prepared it for this algorithm."""


class KeySet:
    """The keys a token may be signed with, by `kid`; immutable."""

    def __init__(self, keys: Mapping[str, VerifyingKey]) -> None:
        self._keys = dict(keys)

    @property
    def kids(self) -> frozenset[str]:
        return frozenset(self._keys)

    def get(self, kid: str) -> VerifyingKey | None:
        return self._keys.get(kid)

    @classmethod
    def from_jwks(cls, document: bytes, *, hs256_secrets: Sequence[bytes] = ()) -> "KeySet":
        """From an RFC 7517 key set; keys of other uses or kinds are passed over.

        Args:
            document: JSON.
            hs256_secrets: the shared secrets, where HS256 is the algorithm; a key
                set never carries them.

        Raises:
            ValueError: the document is not a key set.
        """
        keys: dict[str, VerifyingKey] = {}
        try:
            listed = json.loads(document)["keys"]
            for entry in listed:
                key = _from_jwk(entry)
                if key is not None:
                    keys[key.kid] = key
        except (KeyError, TypeError, jwt.InvalidKeyError) as error:
            raise ValueError("not a JSON Web Key set") from error
        for secret in hs256_secrets:
            kid = symmetric_kid(secret)
            keys[kid] = VerifyingKey(kid, "HS256", secret)
        return cls(keys)


def symmetric_kid(secret: bytes) -> str:
    """The `kid` of a shared secret, from which nothing of the secret follows."""
    return "hs-" + hashlib.sha256(b"kid\x00" + hashlib.sha256(secret).digest()).hexdigest()[:16]


def _from_jwk(entry: object) -> VerifyingKey | None:
    if not isinstance(entry, dict):
        raise TypeError("a key is an object")
    algorithm, kid = entry.get("alg"), entry.get("kid")
    if algorithm not in ALGORITHMS or algorithm == "HS256" or not isinstance(kid, str) or "d" in entry:
        return None
    if entry.get("use", "sig") != "sig":
        return None
    material = jwt.PyJWK.from_dict(dict(entry), algorithm).key
    if algorithm == "RS256" and material.key_size < _MIN_RSA_BITS:
        return None
    return VerifyingKey(kid, algorithm, material)

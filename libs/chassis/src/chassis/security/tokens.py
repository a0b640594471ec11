"""Access tokens: from a JWT to a Principal, or a refusal.

RFC 9068 profile of RFC 7519, checked as RFC 8725 asks: the algorithm belongs to
the key and not to the token, the type is explicit, every claim is present and
of its type, nothing in the header names a key of its own.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Literal

import jwt
from jwt.algorithms import get_default_algorithms
from jwt.types import Options

from chassis.errors import Unauthenticated

MAX_TOKEN_BYTES: Final = 8 * 1024
LEEWAY_SECONDS: Final = 5
TYPE: Final = "at+jwt"
ALGORITHMS: Final = ("EdDSA", "ES256", "RS256", "HS256")
_HEADER_NAMES: Final = frozenset({"alg", "typ", "kid"})
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{2,1024}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{16,1024}", re.ASCII)
_TEXT_CLAIMS: Final = ("iss", "sub", "jti", "sid", "role", "client_id")
_TIME_CLAIMS: Final = ("iat", "nbf", "exp")
_MAX_TEXT: Final = 256
_YEAR_9999: Final = 253_402_300_800
_MIN_RSA_BITS: Final = 2048

Role = Literal["admin", "user"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever a verified access token speaks for; times in seconds since the epoch."""

    sub: str
    sid: str
    jti: str
    role: Role
    username: str
    client_id: str
    issued_at: int
    expires_at: int
    scopes: frozenset[str] = frozenset()


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
    def from_jwks(cls, document: bytes, *, hs256_secret: bytes | None = None) -> "KeySet":
        """From an RFC 7517 key set; keys of other uses or kinds are passed over.

        Args:
            document: JSON.
            hs256_secret: the shared secret, where HS256 is the algorithm; a key
                set never carries it.

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
        if hs256_secret is not None:
            kid = symmetric_kid(hs256_secret)
            keys[kid] = VerifyingKey(kid, "HS256", hs256_secret)
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


_decoders: Final = get_default_algorithms()
_OPTIONS: Final[Options] = {
    "require": ["iss", "aud", "sub", "jti", "iat", "nbf", "exp"],
    "enforce_minimum_key_length": True,
    # Against our own clock and leeway, below; PyJWT reads the machine's.
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


def key_id(token: str) -> str:
    """The `kid` a token claims, after its header has passed every check.

    Raises:
        Unauthenticated: reason INVALID_TOKEN.
    """
    return _header(token)["kid"]


def verify(token: str, *, keys: KeySet, issuer: str, audience: str, now: float) -> Principal:
    """The principal a token proves.

    Args:
        token: the JWT, without `Bearer`.
        keys: what it may be signed with.
        issuer: the only `iss` that is right.
        audience: must be among `aud`.
        now: seconds since the epoch.

    Raises:
        Unauthenticated: reason INVALID_TOKEN, UNKNOWN_KEY or TOKEN_EXPIRED.
    """
    header = _header(token)
    key = keys.get(header["kid"])
    if key is None:
        raise Unauthenticated("The access token is not valid.", reason="UNKNOWN_KEY")
    if header["alg"] != key.algorithm:
        raise _invalid()
    try:
        claims = jwt.decode(
            token,
            key.material,
            algorithms=[key.algorithm],
            audience=audience,
            issuer=issuer,
            options=_OPTIONS,
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise _invalid() from error
    return _principal(claims, now)


def _header(token: str) -> dict[str, str]:
    if len(token) > MAX_TOKEN_BYTES or not _SHAPE.fullmatch(token):
        raise _invalid()
    encoded = token[: token.index(".")]
    try:
        header = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _invalid() from error
    # Exactly these three: no crit, no jku, no jwk, no x5u, nothing to obey.
    if not isinstance(header, dict) or header.keys() != _HEADER_NAMES:
        raise _invalid()
    if not all(isinstance(value, str) for value in header.values()) or header["typ"].lower() != TYPE:
        raise _invalid()
    if header["alg"] not in _decoders or header["alg"] not in ALGORITHMS:
        raise _invalid()
    return header


def _principal(claims: Mapping[str, Any], now: float) -> Principal:
    for name in _TEXT_CLAIMS:
        value = claims.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
            raise _invalid()
    for name in _TIME_CLAIMS:
        value = claims.get(name)
        # bool is an int to Python; a NaN or a date past 9999 is nobody's honest claim.
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _YEAR_9999:
            raise _invalid()
    username, scope, role = claims.get("preferred_username", ""), claims.get("scope", ""), claims["role"]
    if not isinstance(username, str) or not isinstance(scope, str) or role not in ("admin", "user"):
        raise _invalid()
    if claims["exp"] <= now - LEEWAY_SECONDS:
        raise Unauthenticated("The access token has expired; refresh it.", reason="TOKEN_EXPIRED")
    if claims["nbf"] > now + LEEWAY_SECONDS or claims["iat"] > now + LEEWAY_SECONDS:
        raise _invalid()
    return Principal(
        sub=claims["sub"],
        sid=claims["sid"],
        jti=claims["jti"],
        role=role,
        username=username,
        client_id=claims["client_id"],
        issued_at=claims["iat"],
        expires_at=claims["exp"],
        scopes=frozenset(scope.split()),
    )


def _invalid() -> Unauthenticated:
    return Unauthenticated("The access token is not valid.", reason="INVALID_TOKEN")


_principal_now: ContextVar[Principal | None] = ContextVar("principal", default=None)
_token_now: ContextVar[str | None] = ContextVar("access_token", default=None)


def current_principal() -> Principal:
    """Who is calling, as the identity interceptor established it.

    Raises:
        Unauthenticated: the method is public and nobody signed in.
    """
    principal = _principal_now.get()
    if principal is None:
        raise Unauthenticated
    return principal


def current_token() -> str:
    token = _token_now.get()
    if token is None:
        raise Unauthenticated
    return token


def set_current(principal: Principal, token: str) -> None:
    """For the interceptor alone; a call has a context of its own, which ends with it."""
    _principal_now.set(principal)
    _token_now.set(token)

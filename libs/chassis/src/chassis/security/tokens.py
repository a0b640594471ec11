"""Access tokens: from a JWT to a Principal, or a refusal.

RFC 9068 profile of RFC 7519, checked as RFC 8725 asks: the algorithm belongs to
the key and not to the token, the type is explicit, every claim is present and
of its type, nothing in the header names a key of its own.
"""

import base64
import binascii
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
from chassis.security.keyset import ALGORITHMS, KeySet

MAX_TOKEN_BYTES: Final = 8 * 1024
LEEWAY_SECONDS: Final = 5
TYPE: Final = "at+jwt"
_HEADER_NAMES: Final = frozenset({"alg", "typ", "kid"})
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{2,1024}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{16,1024}", re.ASCII)
_TEXT_CLAIMS: Final = ("iss", "sub", "jti", "sid", "role", "client_id")
_TIME_CLAIMS: Final = ("iat", "nbf", "exp")
_MAX_TEXT: Final = 256
_YEAR_9999: Final = 253_402_300_800

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
    """Who is calling, as established by what surrounds the call.

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
    """For what surrounds a call alone; a call has a context of its own, which ends with it."""
    _principal_now.set(principal)
    _token_now.set(token)

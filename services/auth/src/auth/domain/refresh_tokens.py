"""Refresh tokens: opaque to their holder, recognisable to us without asking the database.

    ars_rt_ base64url( session 16 | generation 4 | secret 32 | tag 16 )

The tag is a MAC, so a forged token is refused before anything is looked up, and
the generation of a true one says whether it was spent, for however long. The
first secret is random; each later one is a MAC of the token before it, so that
whoever spends a token twice is given the same successor without it being kept
anywhere. The database holds a keyed hash, from which neither token nor
successor follows, even for someone who also has the key.
"""

import base64
import binascii
import hashlib
import hmac
import struct
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from auth.domain.secret_keys import SecretKeys
from chassis.errors import Unauthenticated

PREFIX: Final = "ars_rt_"
_SECRET_BYTES: Final = 32
_TAG_BYTES: Final = 16
_BODY: Final = struct.Struct(f">16sI{_SECRET_BYTES}s")
_LENGTH: Final = len(PREFIX) + -(-(_BODY.size + _TAG_BYTES) * 8 // 6)
_LAST_GENERATION: Final = 2**31 - 2


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A token that is one of ours.

    Attributes:
        session: whose it is.
        generation: how many were spent before it.
        secret: what makes it unguessable.
        key: which of our keys its tag was made with; its successor follows from the same one.
    """

    session: uuid.UUID
    generation: int
    secret: bytes = field(repr=False)
    key: int = 0

    def body(self) -> bytes:
        return _BODY.pack(self.session.bytes, self.generation, self.secret)


def invalid() -> Unauthenticated:
    """Unknown, forged and expired alike."""
    return Unauthenticated("The refresh token is not valid; sign in again.", reason="INVALID_REFRESH_TOKEN")


class RefreshTokens:
    """Makes, reads and hashes them.

    Args:
        keys: what their keys are derived from.
        randomness: gives that many random bytes.
    """

    def __init__(self, keys: SecretKeys, randomness: Callable[[int], bytes]) -> None:
        self._tagging = _macs(keys, "auth/refresh-token-tag/v1")
        self._following = _macs(keys, "auth/refresh-token-successor/v1")
        self._hashing = _macs(keys, "auth/refresh-token-hash/v1")
        self._randomness = randomness

    def first(self, session: uuid.UUID) -> RefreshToken:
        return RefreshToken(session, 0, self._randomness(_SECRET_BYTES))

    def successor(self, token: RefreshToken) -> RefreshToken:
        """Always the same one."""
        secret = self._following[token.key](token.body())
        return RefreshToken(token.session, token.generation + 1, secret)

    def text(self, token: RefreshToken) -> str:
        body = token.body()
        return PREFIX + _encode(body + self._tagging[0](body)[:_TAG_BYTES])

    def parse(self, text: str) -> RefreshToken:
        """The token, if it is one of ours.

        Raises:
            Unauthenticated: INVALID_REFRESH_TOKEN.
        """
        if len(text) != _LENGTH or not text.isascii() or not text.startswith(PREFIX):
            raise invalid()
        try:
            raw = base64.b64decode(text[len(PREFIX) :] + "=", altchars=b"-_", validate=True)
        except binascii.Error:
            raise invalid() from None
        # One spelling only: the last character has bits to spare.
        if _encode(raw) != text[len(PREFIX) :]:
            raise invalid()
        body, tag = raw[: _BODY.size], raw[_BODY.size :]
        for key, mac in enumerate(self._tagging):
            if hmac.compare_digest(tag, mac(body)[:_TAG_BYTES]):
                session, generation, unguessable = _BODY.unpack(body)
                if generation > _LAST_GENERATION:
                    raise invalid()
                return RefreshToken(uuid.UUID(bytes=session), generation, unguessable, key)
        raise invalid()

    def digest(self, token: RefreshToken) -> bytes:
        """What the database holds of it."""
        return self._hashing[0](token.body())

    def digests(self, token: RefreshToken) -> list[bytes]:
        """What the database may hold of it, whichever of our keys was current then; today's first."""
        body = token.body()
        return [mac(body) for mac in self._hashing]


def _macs(keys: SecretKeys, purpose: str) -> Sequence[Callable[[bytes], bytes]]:
    """HMAC-SHA-256 under each of the keys."""
    return [_mac(key) for key in keys.derive(purpose)]


def _mac(key: bytes) -> Callable[[bytes], bytes]:
    # What depends on the key alone is done once and copied (RFC 2104, 4): half of a MAC, and OpenSSL's
    # look-up of its algorithm. A refresh takes five.
    keyed = hmac.new(key, digestmod=hashlib.sha256)

    def mac(body: bytes) -> bytes:
        copied = keyed.copy()
        copied.update(body)
        return copied.digest()

    return mac


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

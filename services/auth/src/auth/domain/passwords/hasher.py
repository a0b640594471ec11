"""Password hashes: made one way, checked in every way we ever accepted, at one price for every answer.

bcrypt over base64(HMAC-SHA-384(pepper, NFKC(password))). Whether there is such a user, whether the
account is disabled, whether its hash is broken, imported or cheaper than today's: a check does the
work of one hash at today's cost. Only a hash that is dearer than today's takes longer, until its
owner signs in and it is made anew.
"""

import hmac
from dataclasses import dataclass
from functools import partial
from typing import Final

import bcrypt

from auth.domain.passwords.peppers import Peppers
from auth.domain.passwords.pool import HashingPool
from auth.domain.passwords.stored import StoredHash, parse, tagged

# No one may set a password this long, so none is checked: normalising megabytes
# costs more than bcrypt. The same work is done all the same.
MAX_CHECKED: Final = 1024

# bcrypt's own limit, at which the libraries that made imported hashes cut silently.
_BCRYPT_BYTES: Final = 72
_DIGEST_CHARACTERS: Final = 31
_NOBODY: Final = "." * 22


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether the password is the one; `rehash` is what the column should hold from now on."""

    ok: bool
    rehash: str | None = None


class PasswordHasher:
    """Hashes at `rounds` (bcrypt's log2 cost) in `pool`.

    Both methods raise Unavailable/HASHING_OVERLOADED when the pool's queue is full.
    """

    def __init__(self, *, peppers: Peppers, rounds: int, pool: HashingPool) -> None:
        self._peppers = peppers
        self._rounds = rounds
        self._pool = pool

    async def verify(self, stored: str | None, password: str) -> Verified:
        """Checks a password against a column; None and rubbish match nothing, at full price."""
        return await self._pool.run(partial(self._verify, stored, password))

    async def hash(self, password: str) -> str:
        return await self._pool.run(partial(self._hash, password))

    def _hash(self, password: str) -> str:
        pepper = self._peppers.current
        return tagged(pepper.id, bcrypt.hashpw(pepper.digest(password), bcrypt.gensalt(self._rounds)))

    def _verify(self, stored: str | None, password: str) -> Verified:
        known = parse(stored) if stored is not None else None
        secret = self._secret(known, password) if len(password) <= MAX_CHECKED else None
        if known is None or secret is None:
            self._spend(self._rounds)
            return Verified(ok=False)
        ok = hmac.compare_digest(_digest(secret, known.salt, known.rounds), known.digest)
        # A cheaper hash must not be told by its speed: 2^n + 2^n + 2^(n+1) + ... = 2^rounds.
        for rounds in range(known.rounds, self._rounds):
            self._spend(rounds)
        if not ok:
            return Verified(ok=False)
        current = known.pepper == self._peppers.current.id and known.rounds == self._rounds
        return Verified(ok=True, rehash=None if current else self._hash(password))

    def _secret(self, known: StoredHash | None, password: str) -> bytes | None:
        """What bcrypt was given when the hash was made; None where nobody knows any more."""
        if known is None:
            return None
        if known.pepper is None:
            return password.encode("utf-8", "surrogatepass")[:_BCRYPT_BYTES]
        pepper = self._peppers.accepted.get(known.pepper)
        return pepper.digest(password) if pepper else None

    def _spend(self, rounds: int) -> None:
        _digest(self._peppers.current.digest(""), _NOBODY, rounds)


def _digest(secret: bytes, salt: str, rounds: int) -> str:
    made = bcrypt.hashpw(secret, f"$2b${rounds:02}${salt}".encode("ascii"))
    return made[-_DIGEST_CHARACTERS:].decode("ascii")

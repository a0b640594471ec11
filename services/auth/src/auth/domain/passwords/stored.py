"""What may stand in the password column: our tagged form, a plain bcrypt hash, or nothing usable.

ars1$<pepper id>$2b$12$<22 characters of salt><31 of digest>      made here
$2b$12$<22 characters of salt><31 of digest>                      imported; $2a$ and $2y$ too
"""

import re
from dataclasses import dataclass
from typing import Final

SCHEME: Final = "ars1"

# What a hash may cost to check: 2^16 rounds are four seconds of a core. A
# dearer one, imported or planted, would let a sign-in hold a core for hours.
MIN_ROUNDS: Final = 4
MAX_ROUNDS: Final = 16

_BCRYPT = r"\$2[aby]\$(?P<rounds>\d\d)\$(?P<salt>[./A-Za-z0-9]{22})(?P<digest>[./A-Za-z0-9]{31})"
_COLUMN = re.compile(rf"(?:{SCHEME}\$(?P<pepper>[0-9a-f]{{12}}))?{_BCRYPT}", re.ASCII)
_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class StoredHash:
    # None for an imported hash, which was made of the bare password.
    pepper: str | None
    rounds: int
    salt: str
    digest: str


def parse(column: str) -> StoredHash | None:
    """The hash in a column, or None where nobody could ever sign in with it."""
    match = _COLUMN.fullmatch(column)
    if match is None or not MIN_ROUNDS <= int(match["rounds"]) <= MAX_ROUNDS:
        return None
    # 22 characters carry 132 bits for a salt of 128. Some libraries left rubbish
    # in the last four, which bcrypt ignores and the one used here refuses.
    last = _ALPHABET[_ALPHABET.index(match["salt"][-1]) & 0b110000]
    return StoredHash(
        pepper=match["pepper"],
        rounds=int(match["rounds"]),
        salt=match["salt"][:-1] + last,
        digest=match["digest"],
    )


def tagged(pepper: str, bcrypt_hash: bytes) -> str:
    return f"{SCHEME}${pepper}{bcrypt_hash.decode('ascii')}"

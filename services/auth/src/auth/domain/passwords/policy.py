"""Which passwords may be set (NIST SP 800-63B-4, 3.1.1.2): long enough, not known, not built of the obvious.

No rule asks for a digit or a capital, and none expires a password.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, NoReturn

from auth.domain.passwords.blocklist import Blocklist
from auth.domain.passwords.predictable import pieces, repeats, unleet
from chassis.errors import Invalid

# Code points, where the password is the only factor.
MIN_LENGTH: Final = 15
MAX_LENGTH: Final = 128

_PIECES_ARE_TOO_FEW: Final = 2
_SHORTEST_CONTEXT_WORD: Final = 3
_ENDS: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class PasswordPolicy:
    """Refuses weak passwords; `service_words` name the installation and count as guessed.

    Raises:
        Invalid: WEAK_PASSWORD, with the `rule` that was broken as metadata: TOO_SHORT, TOO_LONG,
            UNASSIGNED_CHARACTER, REPETITIVE, COMMON or PREDICTABLE.
    """

    def __init__(self, *, blocklist: Blocklist, service_words: Iterable[str] = ()) -> None:
        self._blocklist = blocklist
        self._service_words = frozenset(_context(service_words))

    def check(self, password: str, *, username: str) -> None:
        if len(password) > MAX_LENGTH:
            _refuse("TOO_LONG", f"A password has at most {MAX_LENGTH} characters.")
        normal = unicodedata.normalize("NFKC", password)
        if len(normal) > MAX_LENGTH:
            _refuse("TOO_LONG", f"A password has at most {MAX_LENGTH} characters.")
        # One ligature may unfold to a sentence, and five accents fold into one letter:
        # what was typed and what is hashed must both be long enough.
        if min(len(password), len(normal)) < MIN_LENGTH:
            _refuse("TOO_SHORT", f"A password has at least {MIN_LENGTH} characters; a sentence is good.")
        if any(unicodedata.category(character) in {"Cn", "Cs"} for character in normal):
            # Unicode may still decide how it normalises, and then it would no longer match.
            _refuse("UNASSIGNED_CHARACTER", "The password has a character that is not in Unicode.")
        folded = unicodedata.normalize("NFKC", normal.casefold())
        if repeats(folded):
            _refuse("REPETITIVE", "The password is something short over and over.")
        if any(self._blocklist.is_long(form) for form in _forms(folded)):
            _refuse("COMMON", "The password is among those that everybody tries first.")
        context = self._service_words | frozenset(_context((username,)))
        if pieces(folded, common=self._blocklist.is_word, context=context) <= _PIECES_ARE_TOO_FEW:
            _refuse("PREDICTABLE", "The password is made of too few words or sequences; add words.")


def _refuse(rule: str, detail: str) -> NoReturn:
    raise Invalid(detail, reason="WEAK_PASSWORD", metadata={"rule": rule})


def _forms(folded: str) -> Iterator[str]:
    """The password as listed, and with what people add to its ends taken off again."""
    yield folded
    yield unleet(folded)
    yield _ENDS.sub("", folded)


def _context(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        folded = unicodedata.normalize("NFKC", word).casefold()
        for part in (folded, *re.split(r"[\W_]+", folded)):
            if len(part) >= _SHORTEST_CONTEXT_WORD:
                yield part
                yield part[::-1]

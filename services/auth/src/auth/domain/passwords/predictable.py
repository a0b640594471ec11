"""How few guessable pieces a password falls into: "Password1234567" is two, however long it is.

A piece is a common password, a run along the alphabet or the keyboard, a repeated character, a few
digits, or a single character that nothing explains. Words of the context, punctuation between pieces
and the exact repetition of the piece before are free: a guesser tries them first.
"""

from collections.abc import Callable, Collection
from functools import cache
from typing import Final

_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "qwertzuiop",
    "azertyuiop",
    "qsdfghjklm",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
)
_WALKS: Final = tuple(row for pair in ((row, row[::-1]) for row in _ROWS) for row in pair)
_LEET: Final = str.maketrans("@4301!$57+", "aaeoiisstt")

_SHORTEST_WALK: Final = 3
_SHORTEST_WORD: Final = 3
_LONGEST_WORD: Final = 14
_DIGITS_A_PIECE: Final = 4
_DATE: Final = 8
# A longer run is a repetition of its first half, which is free.
_LONGEST_PIECE: Final = 40


def unleet(text: str) -> str:
    """`p@ssw0rd` as the word it stands for."""
    return text.translate(_LEET)


def repeats(text: str) -> bool:
    """Whether it is one shorter thing over and over."""
    return len(text) > 1 and text in (text + text)[1:-1]


def pieces(text: str, *, common: Callable[[str], bool], context: Collection[str]) -> int:
    """The least number of guessable pieces that spell `text`, which is folded already."""

    @cache
    def is_word(part: str) -> bool:
        plain = unleet(part)
        return common(part) or (plain != part and not part.isdigit() and common(plain))

    def price(start: int, end: int) -> int | None:
        part = text[start:end]
        if part in context:
            return 0
        if len(part) == 1:
            between = not part.isalnum() and start > 0 and text[start - 1].isalnum()
            return 0 if between else 1
        if len(part) > 1 and text[start - len(part) : start] == part:
            return 0
        guessable = _is_digits(part) or _is_run(part)
        if not guessable and _SHORTEST_WORD <= len(part) <= _LONGEST_WORD:
            guessable = is_word(part)
        return 1 if guessable else None

    # least[end]: pieces needed for text[:end].
    least = [0]
    for end in range(1, len(text) + 1):
        prices = ((start, price(start, end)) for start in range(max(0, end - _LONGEST_PIECE), end))
        least.append(min(least[start] + cost for start, cost in prices if cost is not None))
    return least[-1]


def _is_run(part: str) -> bool:
    if len(part) < _SHORTEST_WALK:
        return False
    return part == part[0] * len(part) or any(part in walk for walk in _WALKS)


def _is_digits(part: str) -> bool:
    return part.isdigit() and (len(part) <= _DIGITS_A_PIECE or _is_date(part))


def _is_date(part: str) -> bool:
    return len(part) == _DATE and any(part[at : at + 2] in {"19", "20"} for at in (0, 4))

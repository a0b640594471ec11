"""Signatures that differ in one word, and in which that word is a variable, become one template.

A word is taken for a variable on evidence: it takes many values, most of them
rare. A word with a few values, each common, is part of what is being said
(`Started`, `Stopped`), and stays apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from triage.domain.grouping.masks import HOLE

Words = tuple[str, ...]

_FEW: Final = 4
_MANY: Final = 10
_RARE: Final = 3
_CONTEXT: Final = 2
_CONTEXT_OF_FIRST: Final = 4
_WIDTH: Final = 32
_PASSES: Final = 3


def merge(counts: Mapping[str, int]) -> dict[str, str]:
    """Each signature's template. The outcome depends on the set and its counts, never on their order."""
    current: dict[Words, list[str]] = defaultdict(list)
    for signature in counts:
        current[tuple(signature.split(" "))].append(signature)
    for _ in range(_PASSES):
        merged = _pass(current, counts)
        if len(merged) == len(current):
            break
        current = merged
    return {signature: " ".join(words) for words, members in current.items() for signature in members}


def _pass(current: Mapping[Words, list[str]], counts: Mapping[str, int]) -> dict[Words, list[str]]:
    # The mean: what was merged already is as rare as its parts were.
    weight = {
        words: sum(map(counts.__getitem__, members)) / len(members) for words, members in current.items()
    }
    families = _families(current)
    # The family with the most values explains its members best; ties are broken by the words themselves.
    ranked = sorted(families, key=lambda family: (-len(family[1]), family[0], family[1][0]))
    template: dict[Words, Words] = {}
    for column, members in ranked:
        free = [words for words in members if words not in template]
        rest = (*members[0][:column], "", *members[0][column + 1 :])
        constant = sum(HOLE not in word for word in rest if word)
        if _is_variable([weight[words] for words in free], column, constant):
            joined = (*rest[:column], _hole(word[column] for word in free), *rest[column + 1 :])
            template.update(dict.fromkeys(free, joined))
    merged: dict[Words, list[str]] = defaultdict(list)
    for words, signatures in current.items():
        merged[template.get(words, words)].extend(signatures)
    return merged


def _families(current: Iterable[Words]) -> list[tuple[int, list[Words]]]:
    """Those that differ in one column only, with that column; each family sorted.

    What is left without a column is known by the sum of its words' hashes, so
    that neither time nor memory is spent on copies of long signatures.
    """
    sizes: dict[int, int] = defaultdict(int)
    for words in current:
        for _, key in _keys(words):
            sizes[key] += 1
    members: dict[tuple[int, int], list[Words]] = defaultdict(list)
    for words in current:
        for column, key in _keys(words):
            if sizes[key] >= _FEW:
                members[column, key].append(words)
    return [(column, sorted(found)) for (column, _), found in members.items()]


def _keys(words: Words) -> Iterator[tuple[int, int]]:
    if len(words) == 1:
        return
    hashes = [hash((column, word)) for column, word in enumerate(words)]
    total = sum(hashes)
    for column in range(min(len(words), _WIDTH)):
        if words[column] != HOLE:
            yield column, hash((total - hashes[column], column, len(words)))


def _is_variable(weights: list[float], column: int, constant: int) -> bool:
    values = len(weights)
    if values < _FEW or constant < _CONTEXT:
        return False
    if column == 0:
        # A sentence's first word is its subject: many services log that they started.
        return values >= _MANY and constant >= _CONTEXT_OF_FIRST
    rare = sum(weight <= _RARE for weight in weights)
    return values >= _MANY or rare * 2 >= values


def _hole(words: Iterable[str]) -> str:
    """The words' common ends around a hole, cut at signs: `user=<*>`, `(<*>)`."""
    seen = sorted(words)
    first, last = seen[0], seen[-1]
    size = min(map(len, seen))
    start = 0
    while start < size and first[start] == last[start]:
        start += 1
    end = 0
    while end < size - start and len({word[-1 - end] for word in seen}) == 1:
        end += 1
    while start and first[start - 1].isalnum():
        start -= 1
    while end and first[len(first) - end].isalnum():
        end -= 1
    return first[:start] + HOLE + first[len(first) - end :]

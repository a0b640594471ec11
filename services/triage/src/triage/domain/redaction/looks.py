"""One pass over a text tells which of the finders are worth their own: those whose sign stands in it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from triage.domain.redaction.rule import Hit, signs_told


@dataclass(frozen=True, slots=True)
class Look:
    """A finder and the expression for what stands in every text in which it finds something.

    A sign is written without counts: all of them are sought by one automaton.
    """

    sign: bytes
    find: Callable[[bytes], Iterable[Hit]]


class Looks:
    """Many finders of which most texts need few."""

    def __init__(self, looks: Sequence[Look]) -> None:
        self._finders = [look.find for look in looks]
        self._told = signs_told([look.sign for look in looks])

    def hits(self, text: bytes) -> Iterator[Hit]:
        for place in sorted(self._told.Match(text) or ()):
            yield from self._finders[place](text)

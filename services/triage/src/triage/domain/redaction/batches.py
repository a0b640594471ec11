"""Records as texts to be looked at many at a time, with the number of every line, however far apart."""

from collections.abc import Iterable, Iterator
from typing import Final

from triage.domain.model import Raw

_CHARACTERS: Final = 64 * 1024
_ADJACENT: Final = "\n"
_APART: Final = "\n\n"
"""A blank line: no sentence goes on behind it, and hardly a value that starts a line below its name."""
_KEY_SIGNS: Final = ("PRIVATE", "Private-", "PuTTY-")


class Batch:
    """Some records in their order."""

    def __init__(self, first: int, text: Raw) -> None:
        self._parts: list[str] = [text]
        self._size = len(text)
        self._extents = [(0, text.count("\n") + 1)]
        self.numbers = list(range(first, first + self._extents[0][1]))
        """In its source, of each line of the text."""

    @property
    def text(self) -> Raw:
        return Raw("".join(self._parts))

    def takes(self, first: int, text: Raw) -> bool:
        """Adds a record and says so; False where it is not to be looked at together with these."""
        apart = first != self.numbers[-1] + 1
        if self._size + len(text) > _CHARACTERS:
            return False
        if apart:
            # A private key reaches over its neighbours' lines; what lay elsewhere is no neighbour.
            if _tells_of_key(text) or _tells_of_key(self._parts[-1]):
                return False
            self.numbers.append(first)
        self._parts += (_APART if apart else _ADJACENT, text)
        self._size += len(text)
        begins = len(self.numbers)
        self.numbers.extend(range(first, first + text.count("\n") + 1))
        self._extents.append((begins, len(self.numbers)))
        return True

    def apart(self, text: str) -> Iterator[str]:
        """The records again, of a text with as many lines."""
        lines = text.split("\n")
        for low, high in self._extents:
            yield lines[low] if high == low + 1 else "\n".join(lines[low:high])


def batches(records: Iterable[tuple[int, Raw]]) -> Iterator[Batch]:
    """All of the records, each given with the number of its first line."""
    batch: Batch | None = None
    for first, text in records:
        if batch is None:
            batch = Batch(first, text)
        elif not batch.takes(first, text):
            yield batch
            batch = Batch(first, text)
    if batch is not None:
        yield batch


def _tells_of_key(text: str) -> bool:
    return any(sign in text for sign in _KEY_SIGNS)

"""One class of failure: how it is recognised, how grave it is, what to look at first."""

from dataclasses import dataclass
from enum import IntEnum


class Weight(IntEnum):
    """How bad a class of failure is by its nature, before any counting."""

    SYMPTOM = 0
    """Something else is broken, and this shows it."""
    FAULT = 1
    OUTAGE = 2
    """A service cannot do its work until somebody acts."""
    DISASTER = 3
    """A process or its data is gone."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One class of failure; fits where any phrase does, and `a + b` where both parts occur."""

    id: str
    title: str
    weight: Weight
    phrases: tuple[str, ...]
    advice: str

    def fits(self, folded: str) -> bool:
        return any(all(part in folded for part in phrase.split(" + ")) for phrase in self.phrases)


def row(id_: str, title: str, weight: Weight, phrases: str, advice: str) -> Hint:
    """A row of the tables; phrases are lower case and stand between bars."""
    return Hint(id_, title, weight, tuple(phrases.split(" | ")), advice)

"""What was redacted, by rule and line, and never the value."""

from collections.abc import Mapping
from dataclasses import dataclass

LINES_TOLD = 100
"""Line numbers kept for each rule; the count goes on."""


@dataclass(frozen=True, slots=True)
class Report:
    """Counts since the redactor was made, which is one request."""

    counts: Mapping[str, int]
    """Redactions by rule id."""
    lines: Mapping[str, tuple[int, ...]]
    """The first lines, 1-based, in which each rule found something."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class Tally:
    """Counts as they come."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lines: dict[str, list[int]] = {}

    def add(self, rule: str, line: int) -> None:
        self._counts[rule] = self._counts.get(rule, 0) + 1
        lines = self._lines.setdefault(rule, [])
        if len(lines) < LINES_TOLD and (not lines or lines[-1] != line):
            lines.append(line)

    def report(self) -> Report:
        return Report(
            dict(sorted(self._counts.items())), {rule: tuple(lines) for rule, lines in self._lines.items()}
        )

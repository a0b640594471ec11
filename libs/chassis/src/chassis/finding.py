"""One line of an audit: what was looked at, whether it holds, what was seen, and the fix."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One item of the list.

    Attributes:
        item: its stable name.
        passed: whether it holds.
        seen: what the installation did, without any secret.
        fix: a sentence, for when it does not hold.
    """

    item: str
    passed: bool
    seen: str
    fix: str

    def __str__(self) -> str:
        return (
            f"pass  {self.item}: {self.seen}"
            if self.passed
            else f"FAIL  {self.item}: {self.seen} -> {self.fix}"
        )

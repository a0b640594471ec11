"""The rule of one bucket: some tries are free, each one past them doubles the wait, quiet time forgives.

A bucket is two numbers: how many tries count against it, and when the latest was. Tries fade one by
one, so a guesser who keeps at it is held to about one per `fade`, for good.
"""

import math
from dataclasses import dataclass
from typing import Final

# Past this the doubling would overflow; every cap is reached long before.
_MAX_DOUBLINGS: Final = 60


@dataclass(frozen=True, slots=True)
class Backoff:
    """All in seconds, but for `free`, which is a number of tries."""

    free: int
    first: float
    cap: float
    fade: float

    def faded(self, tries: float, *, elapsed: float) -> float:
        return max(0.0, tries - max(0.0, elapsed) / self.fade)

    def wait(self, tries: float, *, elapsed: float) -> float:
        """Seconds until the next try is allowed; 0 when it is now."""
        over = math.ceil(self.faded(tries, elapsed=elapsed)) - self.free
        if over < 0:
            return 0.0
        delay = min(self.cap, self.first * 2.0 ** min(over, _MAX_DOUBLINGS))
        return max(0.0, delay - max(0.0, elapsed))

    def lifetime(self, tries: float) -> float:
        """When nothing of it matters any more, from the latest try on."""
        return tries * self.fade + self.cap


@dataclass(frozen=True, slots=True)
class Claim:
    """One bucket that a try counts against."""

    key: str
    backoff: Backoff
    # Forgotten as a whole when the try was right; else only that try is given back.
    forgiven_by_success: bool

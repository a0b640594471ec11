"""Retries in proportion to requests: when everything fails, retrying stops instead of doubling the load."""

from collections.abc import Callable


class RetryBudget:
    """Each request earns a part of a retry; a quiet upstream has a few each second all the same."""

    def __init__(self, *, ratio: float, per_second: float, now: Callable[[], float]) -> None:
        self._ratio = ratio
        self._per_second = per_second
        self._now = now
        # Ten seconds' worth at most: an hour of good weather must not pay for a storm.
        self._cap = max(1.0, per_second * 10)
        self._balance = self._cap
        self._since = now()

    def earn(self) -> None:
        if self._balance < self._cap:
            self._balance = min(self._cap, self._balance + self._ratio)

    def spend(self) -> bool:
        """Whether one more retry may be made; it counts as made."""
        now = self._now()
        self._balance = min(self._cap, self._balance + (now - self._since) * self._per_second)
        self._since = now
        if self._balance < 1:
            return False
        self._balance -= 1
        return True

"""What slowapi counts with here: fixed windows in a dictionary, for one event loop.

The memory storage of `limits` keeps a lock for each key, and starts a thread a hundred times a second
to look for windows that have ended.
"""

from collections import OrderedDict
from typing import Final

from limits.storage import Storage

from chassis.clock import Clock, SystemClock

SCHEME: Final = "ring"
_MAX_KEYS: Final = 100_000


class RingCounts(Storage):
    """Windows that began first are forgotten past a bound, so that a scan cannot fill the memory."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012  # a list is what the library asks for

    def __init__(self, uri: str | None = None, *, clock: Clock | None = None) -> None:
        super().__init__(uri)
        self._clock = clock or SystemClock()
        # How often within a window, and when that ends; in the order in which they began.
        self._windows: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """None: a dictionary does not fail."""
        return ()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = self._clock.timestamp()
        count, until = self._windows.get(key, (0, 0.0))
        if until > now:
            self._windows[key] = (count + amount, until)
            return count + amount
        self._windows[key] = (amount, now + expiry)
        self._windows.move_to_end(key)
        self._forget(now)
        return amount

    def get(self, key: str) -> int:
        count, until = self._windows.get(key, (0, 0.0))
        return count if until > self._clock.timestamp() else 0

    def get_expiry(self, key: str) -> float:
        """Seconds since the epoch."""
        return self._windows.get(key, (0, self._clock.timestamp()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        known = len(self._windows)
        self._windows.clear()
        return known

    def clear(self, key: str) -> None:
        self._windows.pop(key, None)

    def _forget(self, now: float) -> None:
        """What ended, as far as it began first, and what is too much."""
        while self._windows:
            key, (_, until) = next(iter(self._windows.items()))
            if until > now and len(self._windows) <= _MAX_KEYS:
                return
            del self._windows[key]

"""Values kept in this process for a while: bounded in number and in bytes, oldest use out first."""

from collections import OrderedDict

from chassis.clock import Clock


class MemoryStore:
    def __init__(self, clock: Clock, *, max_bytes: int = 16 * 1024 * 1024) -> None:
        self._clock = clock
        self._max_bytes = max_bytes
        self._held: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> bytes | None:
        found = self._held.get(key)
        if found is None:
            return None
        if found[0] <= self._clock.monotonic():
            self._drop(key)
            return None
        self._held.move_to_end(key)
        return found[1]

    def put(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keeps `value`, unless it alone is more than everything may be."""
        self._drop(key)
        if len(value) > self._max_bytes:
            return
        self._held[key] = (self._clock.monotonic() + ttl_seconds, value)
        self._bytes += len(value)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._held)))

    def _drop(self, key: str) -> None:
        found = self._held.pop(key, None)
        if found is not None:
            self._bytes -= len(found[1])

"""What is kept between requests: shared where Redis answers, in this process in any case."""

from chassis.clock import Clock
from triage.cache.memory import MemoryStore
from triage.cache.shared import SharedStore

_PREFIX = "triage:"


class Store:
    """Two layers that look like one; reading asks Redis first, since another replica may know better."""

    def __init__(self, clock: Clock, shared: SharedStore | None) -> None:
        self._local = MemoryStore(clock)
        self._shared = shared

    async def get(self, key: str) -> bytes | None:
        key = _PREFIX + key
        if self._shared is not None and (found := await self._shared.get(key)) is not None:
            return found
        return self._local.get(key)

    async def put(self, key: str, value: bytes, ttl_seconds: int) -> None:
        key = _PREFIX + key
        self._local.put(key, value, ttl_seconds)
        if self._shared is not None:
            await self._shared.put(key, value, ttl_seconds)

"""Redis or Valkey, asked so that its absence costs a moment and never a failure.

One operation waits 50 ms at most. After a failure nobody asks for a second, so
that one request never pays twice for the same outage.
"""

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chassis.clock import Clock
from chassis.redis_url import redis_url

log = logging.getLogger(__name__)

T = TypeVar("T")

_SECONDS: Final = 0.05
_PAUSE_SECONDS: Final = 1.0
_CONNECTIONS: Final = 8
_MAX_VALUE_BYTES: Final = 4 * 1024 * 1024

_TAKE: Final = """
local after = redis.call('INCRBY', KEYS[1], ARGV[1])
if after == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
if tonumber(ARGV[2]) > 0 and after > tonumber(ARGV[2]) then
  redis.call('DECRBY', KEYS[1], ARGV[1])
  return 0
end
return 1
"""


class SharedStore:
    """What replicas share. Every answer may be None: Redis did not say."""

    def __init__(self, stack: AsyncExitStack, url: str, clock: Clock, *, seconds: float = _SECONDS) -> None:
        pool = BlockingConnectionPool.from_url(
            redis_url(url),
            max_connections=_CONNECTIONS,
            timeout=seconds,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
        )
        self._redis: Redis = Redis(connection_pool=pool)
        self._take = self._redis.register_script(_TAKE)
        self._clock = clock
        self._seconds = seconds
        self._away_until = float("-inf")
        stack.push_async_callback(self._close)

    async def get(self, key: str) -> bytes | None:
        found = await self._within(self._redis.get(key))
        return found if isinstance(found, bytes) and len(found) <= _MAX_VALUE_BYTES else None

    async def put(self, key: str, value: bytes, ttl_seconds: int) -> None:
        if len(value) <= _MAX_VALUE_BYTES:
            await self._within(self._redis.set(key, value, ex=ttl_seconds))

    async def take(self, key: str, amount: int, *, at_most: int, ttl_seconds: int) -> bool | None:
        """Adds `amount` unless that would pass `at_most` (0 for no bound); whether it was added.

        A negative amount gives back.
        """
        taken = await self._within(self._take(keys=[key], args=[amount, at_most, ttl_seconds]))
        return None if taken is None else bool(taken)

    async def _within(self, asked: Awaitable[T]) -> T | None:
        if self._clock.monotonic() < self._away_until:
            _never(asked)
            return None
        try:
            async with asyncio.timeout(self._seconds):
                return await asked
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = self._clock.monotonic() + _PAUSE_SECONDS
            log.warning("cache.away", extra={"error_type": type(error).__name__})
            return None

    async def _close(self) -> None:
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()


def _never(asked: Awaitable[object]) -> None:
    close = getattr(asked, "close", None)
    if close is not None:
        close()

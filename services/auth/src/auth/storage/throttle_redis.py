"""Sign-in tries counted in Redis: one round trip per try, and a bounded wait when Redis does not answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from auth.domain.throttle.backoff import Claim
from auth.domain.throttle.ledger import LedgerDown
from chassis.redis_url import redis_url

# The same rule as auth.domain.throttle.backoff; a test holds the two together.
_RESERVE: Final = """
local now = tonumber(ARGV[1])
local found, wait = {}, 0
for i, key in ipairs(KEYS) do
  local at = (i - 1) * 4 + 1
  local free, first = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local cap, fade = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local kept = redis.call('HMGET', key, 'tries', 'latest')
  local latest = tonumber(kept[2]) or now
  local elapsed = math.max(0, now - latest)
  local tries = math.max(0, (tonumber(kept[1]) or 0) - elapsed / fade)
  local over = math.ceil(tries) - free
  if over >= 0 then
    wait = math.max(wait, math.min(cap, first * 2 ^ math.min(over, 60)) - elapsed)
  end
  found[i] = {tries + 1, math.max(now, latest), (tries + 1) * fade + cap}
end
if wait > 0 then return tostring(wait) end
for i, key in ipairs(KEYS) do
  redis.call('HSET', key, 'tries', string.format('%.17g', found[i][1]),
             'latest', string.format('%.17g', found[i][2]))
  redis.call('PEXPIRE', key, math.ceil(found[i][3] * 1000))
end
return '0'
"""

_SETTLE: Final = """
for i, key in ipairs(KEYS) do
  local tries = tonumber(redis.call('HGET', key, 'tries'))
  if tries then
    if ARGV[i] == 'forget' or tries <= 1 then
      redis.call('DEL', key)
    else
      redis.call('HSET', key, 'tries', string.format('%.17g', tries - 1))
    end
  end
end
"""


class RedisLedger:
    """Raises LedgerDown when Redis has not answered within `patience` seconds, for whatever reason."""

    def __init__(self, client: Redis, *, patience: float) -> None:
        self._patience = patience
        self._reserve: AsyncScript = client.register_script(_RESERVE)
        self._settle: AsyncScript = client.register_script(_SETTLE)

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, *, patience: float = 0.1, connections: int = 8) -> AsyncIterator[Self]:
        """A ledger on its own small pool, which connects when it is first needed."""
        pool = BlockingConnectionPool.from_url(
            redis_url(url),
            max_connections=connections,
            timeout=patience,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            # One try within the caller's patience; the defaults take a minute to give up.
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
        )
        try:
            async with Redis(connection_pool=pool) as client:
                yield cls(client, patience=patience)
        finally:
            await pool.aclose()

    async def reserve(self, claims: Sequence[Claim], *, now: float) -> tuple[float, Self]:
        arguments: list[float] = [now]
        for claim in claims:
            rule = claim.backoff
            arguments += (rule.free, rule.first, rule.cap, rule.fade)
        return float(await self._run(self._reserve, claims, arguments)), self

    async def settle(self, claims: Sequence[Claim], *, succeeded: bool) -> None:
        words = ["forget" if succeeded and claim.forgiven_by_success else "back" for claim in claims]
        await self._run(self._settle, claims, words)

    async def _run(
        self, script: AsyncScript, claims: Sequence[Claim], arguments: Sequence[str | float]
    ) -> bytes:
        try:
            async with asyncio.timeout(self._patience):
                answer: bytes = await script(keys=[claim.key for claim in claims], args=arguments)
        except (RedisError, TimeoutError, OSError) as error:
            raise LedgerDown from error
        return answer

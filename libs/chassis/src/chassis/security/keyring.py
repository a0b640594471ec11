"""The verifying keys in memory: refreshed ahead of need, kept when their source is gone."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from chassis.clock import Clock
from chassis.errors import ServiceError
from chassis.security.keyset import KeySet

log = logging.getLogger(__name__)

_RETRY_SECONDS: Final = 1.0
# Until then nobody can be served, so it is asked for eagerly.
_FIRST_SECONDS: Final = 0.2
_UNKNOWN_KEPT_SECONDS: Final = 10.0
_UNKNOWN_AT_MOST: Final = 1_000
_REFETCH_EVERY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class FetchedKeys:
    keys: KeySet
    max_age: float
    """Seconds they may be used before asking again."""


class VerifierKeys:
    """The key set that tokens are verified with right now.

    A `kid` that is not among them asks the source once, at most once a second
    whoever asks, and is then remembered as unknown for a while: a flood of
    made-up kids costs one question a second and bounded memory.
    """

    def __init__(self, fetch: Callable[[], Awaitable[FetchedKeys]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._max_age = _RETRY_SECONDS
        self.current = KeySet({})
        self.loaded = asyncio.Event()
        """Set once the source has answered."""

    async def keep(self) -> None:
        """Refreshes for ever, at half the age the source allows."""
        while True:
            refreshed = await self._refresh()
            if refreshed:
                await asyncio.sleep(self._max_age / 2)
            else:
                await asyncio.sleep(_RETRY_SECONDS if self.loaded.is_set() else _FIRST_SECONDS)

    async def with_key(self, kid: str) -> KeySet:
        """The current keys, asked for again first if `kid` is not among them."""
        if kid in self.current.kids or self._is_unknown(kid):
            return self.current
        if self._asking is None and self._clock.monotonic() - self._asked_at >= _REFETCH_EVERY_SECONDS:
            self._asking = asyncio.create_task(self._ask(), name="keys-refetch")
        if self._asking is not None:
            # Shared by everyone who waits: one of them going away ends it for nobody.
            await asyncio.shield(self._asking)
            # Only what was asked about: a key published this very second is not unknown yet.
            if kid not in self.current.kids:
                self._remember_unknown(kid)
        return self.current

    async def _ask(self) -> None:
        try:
            await self._refresh()
        finally:
            self._asking = None

    async def _refresh(self) -> bool:
        self._asked_at = self._clock.monotonic()
        try:
            fetched = await self._fetch()
        except ServiceError as error:
            # What we have stays good: keys are published long before they sign.
            log.warning("keys.refresh_failed", extra={"reason": error.reason})
            return False
        self.current, self._max_age = fetched.keys, max(fetched.max_age, 2 * _RETRY_SECONDS)
        for kid in self.current.kids & self._unknown.keys():
            del self._unknown[kid]
        self.loaded.set()
        return True

    def _is_unknown(self, kid: str) -> bool:
        until = self._unknown.get(kid)
        if until is None:
            return False
        if until > self._clock.monotonic():
            return True
        del self._unknown[kid]
        return False

    def _remember_unknown(self, kid: str) -> None:
        self._unknown[kid] = self._clock.monotonic() + _UNKNOWN_KEPT_SECONDS
        if len(self._unknown) > _UNKNOWN_AT_MOST:
            self._unknown.popitem(last=False)

"""Units of large limits taken from the store in advance, so that most requests need not ask it.

A lease is a handful of units that the store has counted already. It lives for a moment, and what is left
of it then is lost and never given twice; the store counts a leased unit as if it were used at the end of
that moment. So no more is admitted than the limit says, over all replicas and in every window. Small
limits have no leases and stay exact to the unit, and nobody gets a lease that they would not use up.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.limits.counts import Check, Count, StoreDown
from gateway.limits.held import Fetching, Key, Lease
from gateway.limits.notation import Algorithm
from gateway.limits.terms import terms

# A refusal is repeated without asking, but not for longer than this: somebody may have reset the limit.
_REFUSED_SECONDS = 1.0
_MOST_KEYS = 100_000


class SharedStore(Protocol):
    async def take(self, checks: Sequence[Check], spare: Sequence[int] | None = None) -> list[Count]:
        """Takes the cost of every limit, and so many units more of each, or nothing at all; atomic.

        Raises:
            StoreDown: within the store's timeout.
        """


class LeasedStore:
    """In front of the store that all replicas share.

    Args:
        store: asked where what is in hand does not settle it.
        now: the monotonic clock.
    """

    def __init__(self, store: SharedStore, *, now: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now = now
        self._keys: dict[tuple[str, int], Key] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def take_now(self, checks: Sequence[Check]) -> list[Count] | None:
        """The counts where what is in hand settles the request; where it does not, None and nothing taken."""
        now = self._now()
        if len(checks) == 1:
            # By far the most frequent, and nothing else has to agree.
            count = self._take_one(checks[0], now)
            return None if count is None else [count]
        found: list[tuple[Check, Key, Lease | None]] = []
        refused = False
        for check in checks:
            key = self._keys.get((check.key, check.amount))
            if key is None:
                return None
            if key.refused_until > now:
                refused = refused or not check.limit.shadow
                found.append((check, key, None))
                continue
            lease = key.usable(check.limit.cost, now)
            if lease is None:
                return None
            found.append((check, key, lease))
        counts = []
        for check, key, lease in found:
            if lease is None:
                counts.append(Count(False, 0, key.free_at - now))
            elif refused and not check.limit.shadow:
                counts.append(_told(lease, lease.units - check.limit.cost, now))
            else:
                counts.append(self._spend(check, key, lease, now))
        return counts

    def _take_one(self, check: Check, now: float) -> Count | None:
        key = self._keys.get((check.key, check.amount))
        if key is None:
            return None
        if key.refused_until > now:
            return Count(False, 0, key.free_at - now)
        lease = key.usable(check.limit.cost, now)
        return None if lease is None else self._spend(check, key, lease, now)

    def _spend(self, check: Check, key: Key, lease: Lease, now: float) -> Count:
        cost = check.limit.cost
        left = lease.units = lease.units - cost
        key.used += cost
        if left < key.size // 2 and key.next_lease is None and key.asking is None:
            self._fetch_ahead(check, key, now)
        return _told(lease, left, now)

    async def take(self, checks: Sequence[Check]) -> list[Count]:
        """Like the shared store.

        Raises:
            StoreDown: within the store's timeout.
        """
        at_hand = self.take_now(checks)
        if at_hand is not None:
            return at_hand
        keys = [self._key(check, self._now()) for check in checks]
        coming = [key.asking for key in keys if key.asking is not None]
        if coming:
            # A whole crowd that finds nothing left asks once.
            await asyncio.shield(coming[0])
            at_hand = self.take_now(checks)
            if at_hand is not None:
                return at_hand
        asked = self._now()
        spare = [self._spare(check, key, asked) for check, key in zip(checks, keys, strict=True)]
        fetching = Fetching([key for key, more in zip(keys, spare, strict=True) if more])
        try:
            counts = await self._store.take(checks, spare)
            if any(spare) and not all(count.admitted for count in counts):
                # What is left may still do for this one request.
                spare = [0] * len(checks)
                counts = await self._store.take(checks)
            return self._learned(checks, keys, spare, counts, asked)
        finally:
            fetching.end()

    def _learned(
        self,
        checks: Sequence[Check],
        keys: Sequence[Key],
        spare: Sequence[int],
        counts: Sequence[Count],
        asked: float,
    ) -> list[Count]:
        """Keeps what the store gave besides; answers with what is left in all."""
        taken = all(count.admitted or check.limit.shadow for check, count in zip(checks, counts, strict=True))
        told = []
        for check, key, more, count in zip(checks, keys, spare, counts, strict=True):
            if not count.admitted:
                key.refused_until = asked + min(count.reset, _REFUSED_SECONDS)
                key.free_at = asked + count.reset
            elif taken or check.limit.shadow:
                key.used += check.limit.cost
                if more:
                    _keep(check, key, more, count, asked)
            told.append(count._replace(remaining=count.remaining + more) if more else count)
        return told

    def _spare(self, check: Check, key: Key, now: float) -> int:
        leased = terms(check.limit, check.amount)
        if leased is None or key.asking is not None:
            return 0
        return key.wanted(check.limit.cost, leased, now)

    def _fetch_ahead(self, check: Check, key: Key, now: float) -> None:
        """Before the lease runs out, so that nobody has to wait for the next one."""
        more = self._spare(check, key, now)
        if not more:
            return
        # From now on, and not from when the task begins.
        fetching = Fetching([key])
        task = asyncio.create_task(self._fetch(check, key, more, fetching), name="limits-lease")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fetch(self, check: Check, key: Key, more: int, fetching: Fetching) -> None:
        asked = self._now()
        try:
            (count,) = await self._store.take([check], [more - check.limit.cost])
            if count.admitted:
                _keep(check, key, more, count, asked)
        except StoreDown:
            # Whoever comes next finds out for themselves.
            return
        finally:
            fetching.end()

    def _key(self, check: Check, now: float) -> Key:
        name = (check.key, check.amount)
        key = self._keys.get(name)
        if key is None:
            if len(self._keys) >= _MOST_KEYS:
                # A lease that is forgotten is units lost, and no more than that.
                del self._keys[next(iter(self._keys))]
            key = self._keys[name] = Key(now)
        return key


def _told(lease: Lease, left: int, now: float) -> Count:
    return Count(True, lease.beyond + left, max(0.0, lease.reset_at - now))


def _keep(check: Check, key: Key, more: int, count: Count, asked: float) -> None:
    leased = terms(check.limit, check.amount)
    if leased is None:
        return
    # A fixed window's units are of that window and no other.
    fixed = check.limit.algorithm is Algorithm.FIXED
    until = asked + (min(leased.life, count.reset) if fixed else leased.life)
    lease = Lease(more, until, count.remaining, asked + count.reset)
    key.since, key.used = asked, 0
    if key.lease is None or key.lease.units == 0:
        key.lease = lease
    else:
        key.next_lease = lease

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
from gateway.limits.notation import Algorithm
from gateway.limits.terms import Terms, terms

# Of what a key is likely to use during a lease, it gets one part in so many.
_CAUTION = 3
# A refusal is repeated without asking, but not for longer than this: somebody may have reset the limit.
_REFUSED_SECONDS = 1.0
_MOST_KEYS = 100_000


class SharedStore(Protocol):
    async def take(self, checks: Sequence[Check], spare: Sequence[int] | None = None) -> list[Count]:
        """Takes the cost of every limit, and so many units more of each, or nothing at all; atomic.

        Raises:
            StoreDown: within the store's timeout.
        """


class _Lease:
    """Of the monotonic clock are `until` and `reset_at`."""

    __slots__ = ("beyond", "reset_at", "units", "until")

    def __init__(self, units: int, until: float, beyond: int, reset_at: float) -> None:
        # In hand, until then.
        self.units = units
        self.until = until
        # What the store said is left besides, and when more comes free.
        self.beyond = beyond
        self.reset_at = reset_at


class _Key:
    """What is known of one key and amount; times of the monotonic clock."""

    __slots__ = ("asking", "free_at", "lease", "next_lease", "refused_until", "since", "size", "used")

    def __init__(self, now: float) -> None:
        self.lease: _Lease | None = None
        # Fetched before the other ran out.
        self.next_lease: _Lease | None = None
        # Units asked for the last time, and what was used since then.
        self.size = 1
        self.since = now
        self.used = 0
        # Until then a refusal is repeated; the caller is told when units really come free.
        self.refused_until = 0.0
        self.free_at = 0.0
        # Somebody is fetching a lease.
        self.asking = False

    def usable(self, cost: int, now: float) -> _Lease | None:
        """The lease that the cost can be taken from."""
        lease = self.lease
        if lease is not None and lease.units >= cost and lease.until > now:
            return lease
        self.lease, self.next_lease = self.next_lease, None
        lease = self.lease
        if lease is not None and lease.units >= cost and lease.until > now:
            return lease
        return None

    def wanted(self, cost: int, leased: Terms, now: float) -> int:
        """Units to ask for, going by those used of late: 0 for a key that comes too seldom."""
        passed = now - self.since
        likely = int(self.used * leased.life / max(passed, 1e-6)) // _CAUTION
        if passed > leased.life:
            # What came long ago says nothing about what comes now.
            self.since, self.used = now, 0
        # At most twice the last time, so that two requests in a row are no stream yet.
        self.size = min(leased.units, 2 * self.size, max(1, likely))
        return self.size if self.size > cost else 0


class LeasedStore:
    """In front of the store that all replicas share.

    Args:
        store: asked where what is in hand does not settle it.
        now: the monotonic clock.
    """

    def __init__(self, store: SharedStore, *, now: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now = now
        self._keys: dict[tuple[str, int], _Key] = {}
        self._fetching: set[asyncio.Task[None]] = set()

    def take_now(self, checks: Sequence[Check]) -> list[Count] | None:
        """The counts where what is in hand settles the request; where it does not, None and nothing taken."""
        now = self._now()
        if len(checks) == 1:
            # By far the most frequent, and nothing else has to agree.
            count = self._take_one(checks[0], now)
            return None if count is None else [count]
        found: list[tuple[Check, _Key, _Lease | None]] = []
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

    def _spend(self, check: Check, key: _Key, lease: _Lease, now: float) -> Count:
        cost = check.limit.cost
        left = lease.units = lease.units - cost
        key.used += cost
        if left < key.size // 2 and key.next_lease is None and not key.asking:
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
        asked = self._now()
        keys = [self._key(check, asked) for check in checks]
        spare = [self._spare(check, key, asked) for check, key in zip(checks, keys, strict=True)]
        mine = [key for key, more in zip(keys, spare, strict=True) if more]
        for key in mine:
            key.asking = True
        try:
            counts = await self._store.take(checks, spare)
            if mine and not all(count.admitted for count in counts):
                # What is left may still do for this one request.
                spare = [0] * len(checks)
                counts = await self._store.take(checks)
        finally:
            for key in mine:
                key.asking = False
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

    def _spare(self, check: Check, key: _Key, now: float) -> int:
        leased = terms(check.limit, check.amount)
        if leased is None or key.asking:
            return 0
        return key.wanted(check.limit.cost, leased, now)

    def _fetch_ahead(self, check: Check, key: _Key, now: float) -> None:
        """Before the lease runs out, so that nobody has to wait for the next one."""
        more = self._spare(check, key, now)
        if not more:
            return
        key.asking = True
        task = asyncio.create_task(self._fetch(check, key, more), name="limits-lease")
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    async def _fetch(self, check: Check, key: _Key, more: int) -> None:
        asked = self._now()
        try:
            (count,) = await self._store.take([check], [more - check.limit.cost])
        except StoreDown:
            # Whoever comes next finds out for themselves.
            return
        finally:
            key.asking = False
        if count.admitted:
            _keep(check, key, more, count, asked)

    def _key(self, check: Check, now: float) -> _Key:
        name = (check.key, check.amount)
        key = self._keys.get(name)
        if key is None:
            if len(self._keys) >= _MOST_KEYS:
                # A lease that is forgotten is units lost, and no more than that.
                del self._keys[next(iter(self._keys))]
            key = self._keys[name] = _Key(now)
        return key


def _told(lease: _Lease, left: int, now: float) -> Count:
    return Count(True, lease.beyond + left, max(0.0, lease.reset_at - now))


def _keep(check: Check, key: _Key, more: int, count: Count, asked: float) -> None:
    leased = terms(check.limit, check.amount)
    if leased is None:
        return
    # A fixed window's units are of that window and no other.
    fixed = check.limit.algorithm is Algorithm.FIXED
    until = asked + (min(leased.life, count.reset) if fixed else leased.life)
    lease = _Lease(more, until, count.remaining, asked + count.reset)
    key.since, key.used = asked, 0
    if key.lease is None or key.lease.units == 0:
        key.lease = lease
    else:
        key.next_lease = lease

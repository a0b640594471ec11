"""Units of large limits taken from the store in advance, so that most requests need not ask it.

A lease is a handful of units that the store has counted already. It lives for a moment, and what is left
of it then is lost and never given twice; the store counts a leased unit as if it were used at the end of
that moment. So no more is admitted than the limit says, over all replicas and in every window. Small
limits have no leases and stay exact to the unit, and nobody gets a lease that they would not use up.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.limits.counts import Check, Count
from gateway.limits.notation import Algorithm
from gateway.limits.terms import terms

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
    """Of one key and amount; times of the monotonic clock."""

    __slots__ = ("asking", "beyond", "refused_until", "reset_at", "since", "size", "units", "until", "used")

    def __init__(self, now: float) -> None:
        # In hand, until then.
        self.units = 0
        self.until = 0.0
        # How many the last lease had, when it was asked for, and what was used since.
        self.size = 1
        self.since = now
        self.used = 0
        # What the store said is left besides, and when more comes free.
        self.beyond = 0
        self.reset_at = 0.0
        self.refused_until = 0.0
        # Somebody is fetching one.
        self.asking = False

    def likely(self, now: float, life: float) -> int:
        """Units to be used within a life, going by those used of late; with some caution."""
        return int(self.used * life / max(now - self.since, 1e-6)) // _CAUTION


class LeasedStore:
    """In front of the store that all replicas share.

    Args:
        store: asked where what is in hand does not settle it.
        now: the monotonic clock.
    """

    def __init__(self, store: SharedStore, *, now: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now = now
        self._leases: dict[tuple[str, int], _Lease] = {}

    def take_now(self, checks: Sequence[Check]) -> list[Count] | None:
        """The counts where what is in hand settles the request; where it does not, None and nothing taken."""
        now = self._now()
        known = []
        refused = False
        for check in checks:
            lease = self._leases.get((check.key, check.amount))
            if lease is None:
                return None
            if lease.refused_until > now:
                refused = refused or not check.limit.shadow
            elif lease.units < check.limit.cost or lease.until <= now:
                return None
            known.append(lease)
        counts = []
        for check, lease in zip(checks, known, strict=True):
            if lease.refused_until > now:
                counts.append(Count(False, 0, lease.refused_until - now))
                continue
            left = lease.units - check.limit.cost
            if not refused or check.limit.shadow:
                lease.units = left
                lease.used += check.limit.cost
            counts.append(Count(True, lease.beyond + left, max(0.0, lease.reset_at - now)))
        return counts

    async def take(self, checks: Sequence[Check]) -> list[Count]:
        """Like the shared store.

        Raises:
            StoreDown: within the store's timeout.
        """
        at_hand = self.take_now(checks)
        if at_hand is not None:
            return at_hand
        asked = self._now()
        leases = [self._lease(check, asked) for check in checks]
        spare = [_spare(check, lease, asked) for check, lease in zip(checks, leases, strict=True)]
        if not any(spare):
            return self._noted(checks, leases, spare, await self._store.take(checks), asked)
        mine = [lease for lease, more in zip(leases, spare, strict=True) if more]
        for lease in mine:
            lease.asking = True
        try:
            counts = await self._store.take(checks, spare)
            if not all(count.admitted for count in counts):
                # What is left may still do for this one request.
                spare = [0] * len(checks)
                counts = await self._store.take(checks)
        finally:
            for lease in mine:
                lease.asking = False
        return self._noted(checks, leases, spare, counts, asked)

    @staticmethod
    def _noted(
        checks: Sequence[Check],
        leases: Sequence[_Lease],
        spare: Sequence[int],
        counts: list[Count],
        asked: float,
    ) -> list[Count]:
        taken = all(count.admitted or check.limit.shadow for check, count in zip(checks, counts, strict=True))
        told = []
        for check, lease, more, count in zip(checks, leases, spare, counts, strict=True):
            if not count.admitted:
                lease.refused_until = asked + min(count.reset, _REFUSED_SECONDS)
            elif taken or check.limit.shadow:
                _take(check, lease, more, count, asked)
            told.append(count._replace(remaining=count.remaining + more) if more else count)
        return told

    def _lease(self, check: Check, now: float) -> _Lease:
        key = (check.key, check.amount)
        lease = self._leases.get(key)
        if lease is None:
            if len(self._leases) >= _MOST_KEYS:
                # A lease that is forgotten is units lost, and no more than that.
                del self._leases[next(iter(self._leases))]
            lease = self._leases[key] = _Lease(now)
        return lease


def _spare(check: Check, lease: _Lease, now: float) -> int:
    """Units to ask for besides those of this request."""
    leased = terms(check.limit, check.amount)
    if leased is None or lease.asking:
        return 0
    likely = lease.likely(now, leased.life)
    if now - lease.since > leased.life:
        # What came long ago says nothing about what comes now.
        lease.since, lease.used = now, 0
    # At most twice the last time, so that two requests in a row are no stream yet.
    lease.size = min(leased.units, 2 * lease.size, max(1, likely))
    return lease.size if likely > check.limit.cost else 0


def _take(check: Check, lease: _Lease, more: int, count: Count, asked: float) -> None:
    lease.used += check.limit.cost
    leased = terms(check.limit, check.amount) if more else None
    if leased is None:
        return
    lease.size, lease.since, lease.used = more, asked, 0
    lease.units, lease.beyond, lease.reset_at = more, count.remaining, asked + count.reset
    # A fixed window's units are of that window and no other.
    fixed = check.limit.algorithm is Algorithm.FIXED
    lease.until = asked + (min(leased.life, count.reset) if fixed else leased.life)

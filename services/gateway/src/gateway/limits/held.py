"""What a gateway has in hand of one limit's key: units until a moment, and whether more are under way."""

import asyncio
from collections.abc import Sequence

from gateway.limits.terms import Terms

# Of what a key is likely to use during a lease, it gets one part in so many.
_CAUTION = 2


class Lease:
    """Of the monotonic clock are `until` and `reset_at`."""

    __slots__ = ("beyond", "reset_at", "units", "until")

    def __init__(self, units: int, until: float, beyond: int, reset_at: float) -> None:
        # In hand, until then.
        self.units = units
        self.until = until
        # What the store said is left besides, and when more comes free.
        self.beyond = beyond
        self.reset_at = reset_at


class Key:
    """What is known of one key and amount; times of the monotonic clock."""

    __slots__ = ("asking", "free_at", "lease", "next_lease", "refused_until", "since", "size", "used")

    def __init__(self, now: float) -> None:
        self.lease: Lease | None = None
        # Fetched before the other ran out.
        self.next_lease: Lease | None = None
        # Units asked for the last time, and what was used since then.
        self.size = 1
        self.since = now
        self.used = 0
        # Until then a refusal is repeated; the caller is told when units really come free.
        self.refused_until = 0.0
        self.free_at = 0.0
        # Somebody is fetching a lease; done when it is there or will not come.
        self.asking: asyncio.Future[None] | None = None

    def usable(self, cost: int, now: float) -> Lease | None:
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


class Fetching:
    """Leases under way for some keys, until `end`."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = keys
        self._over: asyncio.Future[None] | None = None
        if keys:
            self._over = asyncio.get_running_loop().create_future()
            for key in keys:
                key.asking = self._over

    def end(self) -> None:
        if self._over is not None:
            for key in self._keys:
                key.asking = None
            self._over.set_result(None)

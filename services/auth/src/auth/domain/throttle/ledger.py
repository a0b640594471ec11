"""Where tries are counted: what any such place must do, and the one inside this process."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from auth.domain.throttle.backoff import Claim


class LedgerDown(Exception):
    """It did not answer in time; what it would have said is not known."""


class Ledger(Protocol):
    async def reserve(self, claims: Sequence[Claim], *, now: float) -> "tuple[float, Ledger]":
        """Counts one try against every claim, or against none.

        Checking and counting are one step, so a thousand tries at once are
        judged one after the other.

        Args:
            claims: the buckets of this try.
            now: seconds since the epoch.

        Returns:
            0 when it was counted, else the seconds until it may be made; and
            the ledger that counted it, to settle with.
        """

    async def settle(self, claims: Sequence[Claim], *, succeeded: bool) -> None:
        """Takes back a counted try: it was right, or it was never judged."""


@dataclass(slots=True)
class _Bucket:
    tries: float
    latest: float


class LocalLedger:
    """In memory, at most `capacity` buckets; the ones used longest ago go first."""

    def __init__(self, *, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    async def reserve(self, claims: Sequence[Claim], *, now: float) -> tuple[float, Self]:
        found = [(claim, self._buckets.get(claim.key) or _Bucket(0.0, now)) for claim in claims]
        wait = max(claim.backoff.wait(b.tries, elapsed=now - b.latest) for claim, b in found)
        if wait > 0:
            return wait, self
        for claim, bucket in found:
            tries = claim.backoff.faded(bucket.tries, elapsed=now - bucket.latest) + 1
            self._buckets[claim.key] = _Bucket(tries, max(now, bucket.latest))
            self._buckets.move_to_end(claim.key)
        while len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        return 0.0, self

    async def settle(self, claims: Sequence[Claim], *, succeeded: bool) -> None:
        for claim in claims:
            bucket = self._buckets.get(claim.key)
            if bucket is None:
                continue
            bucket.tries -= 1
            if bucket.tries <= 0 or (succeeded and claim.forgiven_by_success):
                del self._buckets[claim.key]


class NoLedger:
    """Counts nothing: the throttle is switched off."""

    async def reserve(self, claims: Sequence[Claim], *, now: float) -> tuple[float, Self]:
        del claims, now
        return 0.0, self

    async def settle(self, claims: Sequence[Claim], *, succeeded: bool) -> None:
        del claims, succeeded

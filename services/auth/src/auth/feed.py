"""Every live revocation in memory, and a stream of them for whoever asks from wherever they stopped."""

import asyncio
import bisect
from collections.abc import AsyncIterator, Sequence

from auth.domain.revocations import Numbered
from chassis.clock import Clock
from chassis.errors import Unavailable
from chassis.security.revocations import Batch, Kind, Revocation, RevocationList
from chassis.security.tokens import Principal

_HEARTBEAT_SECONDS = 1.0
_BATCH = 1000


class RevocationFeed:
    """Filled by one reader of the database, listened to by every gateway."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known = RevocationList(clock)
        self._entries: list[Revocation] = []
        self._as_of = 0.0
        self._changed = asyncio.Event()
        self._closed = False
        self.version = 0

    @property
    def loaded(self) -> bool:
        return self._known.complete.is_set()

    def staleness(self) -> float:
        return self._known.staleness()

    def is_revoked(self, who: Principal) -> bool:
        return self._known.is_revoked(who)

    def add(self, numbered: Sequence[Numbered], *, as_of: float) -> None:
        """Takes over everything after `version`, read at `as_of` (seconds since the epoch)."""
        entries = [_entry(each) for each in numbered]
        self._forget()
        self._entries += entries
        self.version = entries[-1].version if entries else self.version
        self._as_of = as_of
        self._known.apply(Batch(tuple(entries), self.version, snapshot_complete=True, as_of=as_of))
        self._tell()

    def close(self) -> None:
        """Ends every stream; their listeners come back to another replica."""
        self._closed = True
        self._tell()

    async def watch(self, after: int) -> AsyncIterator[Batch]:
        """Everything after a version, then whatever comes, and a heartbeat every second.

        Raises:
            Unavailable: the database has not been read yet.
        """
        if not self.loaded:
            raise Unavailable("Revocations are not known yet; try again.", retry_after=1)
        # Ahead of us: the database was restored from a backup, so what they know may be wrong.
        sent = after if after <= self.version else 0
        first = True
        while not self._closed:
            changed = self._changed
            batches = self._after(sent)
            for entries, version in batches:
                whole = first and version == self.version
                yield Batch(entries, version, snapshot_complete=whole, as_of=self._as_of)
                sent = version
            first = False
            await _first_of(changed, _HEARTBEAT_SECONDS)

    def _after(self, version: int) -> list[tuple[tuple[Revocation, ...], int]]:
        start = bisect.bisect_right(self._entries, version, key=lambda entry: entry.version)
        fresh = self._entries[start:]
        batches = [fresh[at : at + _BATCH] for at in range(0, len(fresh), _BATCH)] or [[]]
        return [
            (tuple(batch), self.version if batch is batches[-1] else batch[-1].version) for batch in batches
        ]

    def _forget(self) -> None:
        now = self._clock.now().timestamp()
        if any(entry.expires_at < now for entry in self._entries[:1]):
            self._entries = [entry for entry in self._entries if entry.expires_at >= now]

    def _tell(self) -> None:
        told, self._changed = self._changed, asyncio.Event()
        told.set()


def _entry(numbered: Numbered) -> Revocation:
    revocation = numbered.revocation
    return Revocation(
        version=numbered.version,
        kind=Kind(revocation.kind),
        subject=revocation.subject,
        not_before=revocation.not_before.timestamp() if revocation.not_before else 0.0,
        expires_at=revocation.expires_at.timestamp(),
        created_at=numbered.created_at.timestamp(),
    )


async def _first_of(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return

"""Every live revocation in memory, and a stream of them for whoever asks from wherever they stopped."""

import asyncio
import bisect
import logging
from collections.abc import AsyncIterator, Sequence

from auth.domain.revocations import Numbered
from chassis.clock import Clock
from chassis.errors import Unavailable
from chassis.security.revocations import START, Batch, Kind, Position, Revocation, RevocationList
from chassis.security.tokens import Principal

log = logging.getLogger(__name__)

_HEARTBEAT_SECONDS = 1.0
_BATCH = 1000


class RevocationFeed:
    """Filled by one reader of the database, listened to by every gateway."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known = RevocationList(clock)
        self._entries: list[Revocation] = []
        self._position = START
        # When what is in `_position` can no longer matter, in seconds since the epoch.
        self._position_ends = 0.0
        # Counts the times the database turned out to have another history.
        self._history = 0
        self._as_of = 0.0
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def version(self) -> int:
        """That of the last revocation read; 0 where there was none."""
        return self._position.version

    @property
    def loaded(self) -> bool:
        return self._known.complete.is_set()

    def staleness(self) -> float:
        return self._known.staleness()

    def is_revoked(self, who: Principal) -> bool:
        return self._known.is_revoked(who)

    def goes_on_with(self, found: Sequence[Numbered]) -> bool:
        """Whether what the database has from `version` on begins with what was read last.

        It does not once that was pruned, nor where the database went back in time: restored from
        a backup, or taken over by a standby that had not heard everything.
        """
        return self._position == START or bool(found and _entry(found[0]).position == self._position)

    def begin_anew(self) -> None:
        """What is added next is all there is. What was revoked stays so here, and at who heard of it."""
        if self._position_ends > self._clock.now().timestamp():
            log.warning("revocations.database_went_back", extra={"version": self.version})
        self._entries, self._position = [], START
        self._history += 1

    def add(self, found: Sequence[Numbered], *, as_of: float) -> None:
        """Takes over what the database has from `version` on, read at `as_of` (seconds since the epoch)."""
        entries = [_entry(each) for each in found if each.version > self.version]
        self._forget()
        self._entries += entries
        if entries:
            self._position, self._position_ends = entries[-1].position, entries[-1].expires_at
        self._as_of = as_of
        self._known.apply(Batch(tuple(entries), self.version, snapshot_complete=True, as_of=as_of))
        self._tell()

    def close(self) -> None:
        """Ends every stream; their listeners come back to another replica."""
        self._closed = True
        self._tell()

    async def watch(self, after: Position) -> AsyncIterator[Batch]:
        """Everything after a position, then whatever comes, and a heartbeat every second.

        Raises:
            Unavailable: the database has not been read yet.
        """
        if not self.loaded:
            raise Unavailable("Revocations are not known yet; try again.", retry_after=1)
        sent = after.version if self._leads_to(after) else 0
        history, first = self._history, True
        while not self._closed:
            changed = self._changed
            if history != self._history:
                sent, history, first = 0, self._history, True
            for entries, version in self._after(sent):
                whole = first and version == self.version
                yield Batch(entries, version, snapshot_complete=whole, as_of=self._as_of)
                if history != self._history:
                    break
                sent = version
            else:
                first = False
                await _first_of(changed, _HEARTBEAT_SECONDS)

    def _leads_to(self, position: Position) -> bool:
        """Whether who was there may go on from there: otherwise what they know may not be all."""
        version, made_at = position
        if version > self.version:
            return False
        if not version or not made_at or position == self._position:
            return True
        at = bisect.bisect_left(self._entries, version, key=lambda entry: entry.version)
        return at < len(self._entries) and self._entries[at].position == position

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

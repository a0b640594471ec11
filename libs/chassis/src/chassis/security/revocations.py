"""Revocations in memory: what has been ended before its time, and how fresh we know it.

The list is fed by one stream and asked on every request; asking touches three
dictionaries and no lock.
"""

import asyncio
import heapq
import itertools
import logging
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from chassis.clock import Clock
from chassis.errors import ServiceError
from chassis.security.tokens import LEEWAY_SECONDS, Principal

log = logging.getLogger(__name__)

_BACKOFF_FIRST: Final = 0.1
_BACKOFF_MOST: Final = 2.0
_SILENCE_SECONDS: Final = 5.0


class Position(NamedTuple):
    """How far a history of revocations was followed.

    A version alone does not say which history: one restored from a backup, or taken over by a
    standby that had not heard everything, gives the same numbers to other revocations.
    """

    version: int = 0
    made_at: int = 0
    """When the revocation of that version was made, in microseconds since the epoch; 0 where nobody says."""


START: Final = Position()


class Kind(Enum):
    TOKEN = "token"  # noqa: S105  # the kind of a revocation
    SESSION = "session"
    USER_NOT_BEFORE = "user_not_before"


@dataclass(frozen=True, slots=True)
class Revocation:
    version: int
    kind: Kind
    subject: str
    not_before: float
    """Seconds since the epoch; for USER_NOT_BEFORE."""
    expires_at: float
    """When every token it can concern has expired, in seconds since the epoch."""
    created_at: float = 0.0
    """When it was made, in seconds since the epoch, by the clock of the database; 0 where nobody says."""

    @property
    def position(self) -> Position:
        return Position(self.version, round(self.created_at * 1e6))


@dataclass(frozen=True, slots=True)
class Batch:
    """One message of the stream."""

    revocations: tuple[Revocation, ...]
    version: int
    snapshot_complete: bool
    as_of: float
    """When the database was last read, in seconds since the epoch."""


class RevocationList:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[str, float] = {}
        self._sessions: dict[str, float] = {}
        self._users: dict[str, tuple[float, float]] = {}
        self._expiries: list[tuple[float, int, Kind, str]] = []
        self._order = itertools.count()
        self._as_of = float("-inf")
        self.position = START
        """Where to go on from."""
        self.complete = asyncio.Event()
        """Set once a whole snapshot has been applied."""

    def __len__(self) -> int:
        return len(self._tokens) + len(self._sessions) + len(self._users)

    def is_revoked(self, who: Principal) -> bool:
        if who.jti in self._tokens or who.sid in self._sessions:
            return True
        ended = self._users.get(who.sub)
        # iat has whole seconds, so a token of the very second of the cut is refused:
        # the other error would let one live. Auth dates what it issues within that
        # second after the cut to the next one.
        return ended is not None and who.issued_at <= ended[0]

    def staleness(self) -> float:
        """Seconds since we knew everything; infinite before the first snapshot."""
        if not self.complete.is_set():
            return float("inf")
        return max(0.0, self._clock.now().timestamp() - self._as_of)

    def apply(self, batch: Batch) -> Sequence[Revocation]:
        """Takes it in; answers with what is news to a list that was whole."""
        whole, known = self.complete.is_set(), self.position.version
        for revocation in batch.revocations:
            self._add(revocation)
        if batch.version != known or batch.revocations:
            self.position = _end(batch)
        # The other machine's clock may be ahead; we never claim to know the future.
        self._as_of = max(self._as_of, min(batch.as_of, self._clock.now().timestamp()))
        if batch.snapshot_complete:
            self.complete.set()
        self._forget()
        return [each for each in batch.revocations if each.version > known] if whole else ()

    def end_session(self, sid: str, until: float) -> None:
        """Ahead of the stream, which tells it to everybody: where it was ended nobody waits for that.

        Args:
            sid: the session.
            until: when the token that ended it expires; the stream knows of any later one.
        """
        self._add(Revocation(0, Kind.SESSION, sid, 0.0, until))

    def _add(self, revocation: Revocation) -> None:
        subject, until = revocation.subject, revocation.expires_at + LEEWAY_SECONDS
        match revocation.kind:
            case Kind.TOKEN:
                self._tokens[subject] = max(until, self._tokens.get(subject, until))
            case Kind.SESSION:
                self._sessions[subject] = max(until, self._sessions.get(subject, until))
            case Kind.USER_NOT_BEFORE:
                before, known = self._users.get(subject, (revocation.not_before, until))
                self._users[subject] = (max(before, revocation.not_before), max(known, until))
        heapq.heappush(self._expiries, (until, next(self._order), revocation.kind, subject))

    def _forget(self) -> None:
        now = self._clock.now().timestamp()
        while self._expiries and self._expiries[0][0] < now:
            _, _, kind, subject = heapq.heappop(self._expiries)
            match kind:
                case Kind.TOKEN if self._tokens.get(subject, now) < now:
                    del self._tokens[subject]
                case Kind.SESSION if self._sessions.get(subject, now) < now:
                    del self._sessions[subject]
                case Kind.USER_NOT_BEFORE if self._users.get(subject, (0.0, now))[1] < now:
                    del self._users[subject]


def _end(batch: Batch) -> Position:
    """Nobody knows the moment of a version that was not told: then the next stream begins anew."""
    last = batch.revocations[-1] if batch.revocations else None
    return last.position if last is not None and last.version == batch.version else START


async def follow(
    known: RevocationList,
    open_stream: Callable[[Position], AsyncIterator[Batch]],
    *,
    changed: Callable[[Sequence[Revocation]], None] = lambda _: None,
) -> None:
    """Keeps a list fed for ever: reopens the stream where it ended, with backoff.

    Args:
        known: what to feed.
        open_stream: opens the stream after a position; may raise ServiceError.
        changed: called after each batch, with what was news to a list that was whole.
    """
    wait = _BACKOFF_FIRST
    told = False
    while True:
        try:
            async for batch in _heard(open_stream(known.position if known.complete.is_set() else START)):
                changed(known.apply(batch))
                wait, told = _BACKOFF_FIRST, False
        except (ServiceError, TimeoutError) as error:
            if not told:
                log.warning("revocations.stream_lost", extra={"reason": getattr(error, "reason", "SILENT")})
                told = True
        await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  # spreads replicas, guards nothing
        wait = min(wait * 2, _BACKOFF_MOST)


async def _heard(stream: AsyncIterator[Batch]) -> AsyncIterator[Batch]:
    """The stream, given up on when its heartbeat stops: a hung server looks like a quiet one."""
    batches = aiter(stream)
    while True:
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                batch = await anext(batches)
        except StopAsyncIteration:
            return
        yield batch

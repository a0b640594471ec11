"""What the rules need remembered; `auth.storage` does it in PostgreSQL."""

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from auth.domain.accounts import Candidate, Client, Issue
from auth.domain.audit.events import AuditStore
from auth.domain.revocations import RevocationStore

Outcome = Literal["rotated", "retried", "replayed", "ended", "expired", "unknown"]


@dataclass(frozen=True, slots=True)
class Spending:
    """A refresh token, presented; every moment is given, none is the database's own."""

    session: uuid.UUID
    generation: int
    digests: Sequence[bytes] = field(repr=False)
    successor: bytes = field(repr=False)
    successors: Sequence[bytes] = field(repr=False)
    now: datetime
    idle_expires_at: datetime
    grace: timedelta


@dataclass(frozen=True, slots=True)
class Spent:
    """What became of it; `issue` only where it was rotated or retried."""

    outcome: Outcome
    issue: Issue | None


class RotationStore(Protocol):
    async def spend(self, spending: Spending) -> Spent:
        """Spends a token for its successor in one statement, or says why not and changes nothing."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A session about to begin."""

    session: uuid.UUID
    token: bytes = field(repr=False)
    client: Client
    now: datetime
    idle_expires_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LiveSession:
    session: uuid.UUID
    address: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """Sessions that were ended, and the latest date in an access token of any of them."""

    sessions: Sequence[uuid.UUID]
    latest_issue: datetime | None


class SessionStore(Protocol):
    async def open(
        self, user: uuid.UUID, opening: Opening, *, seen: str | None, rehash: str | None
    ) -> Issue | None:
        """Begins a session and records the sign-in.

        None where, since the password was checked against `seen`, the account
        was disabled, deleted or given another password.
        """

    async def live(self, user: uuid.UUID, now: datetime) -> Sequence[LiveSession]:
        """Latest first."""

    async def end(
        self, user: uuid.UUID, sessions: Sequence[uuid.UUID], *, now: datetime, reason: str
    ) -> Sequence[uuid.UUID]:
        """Ends those that are the user's own and live, and names them."""

    async def end_surplus(
        self, user: uuid.UUID, *, most: int, sparing: uuid.UUID, now: datetime
    ) -> Sequence[uuid.UUID]:
        """Ends live sessions past so many, those used longest ago first, and names them."""

    async def end_spent(self, session: uuid.UUID, generation: int, *, now: datetime) -> uuid.UUID | None:
        """Ends a live session whose token of this generation was spent, and names its user."""

    async def end_all(
        self,
        user: uuid.UUID,
        *,
        now: datetime,
        reason: str,
        sparing: uuid.UUID | None = None,
    ) -> Ended:
        """Ends every live session of a user, but one where it is to be spared."""

    async def owned(self, user: uuid.UUID, session: uuid.UUID) -> bool:
        """Whether there is such a session, live or ended, and it is theirs."""


class UserStore(Protocol):
    async def hold(self, user: uuid.UUID) -> bool:
        """Keeps a user as they are until the commit, so that nobody signs in meanwhile; False without one."""

    async def void_tokens(self, user: uuid.UUID, *, until: datetime) -> None:
        """Records that access tokens issued up to a moment are void."""


class CandidateStore(Protocol):
    async def candidate(self, username_key: str) -> Candidate | None:
        """The account of a name."""


class Work(Protocol):
    """One transaction. Rows are taken in the order users, sessions, revocations, audit."""

    @property
    def sessions(self) -> SessionStore: ...
    @property
    def users(self) -> UserStore: ...
    @property
    def revocations(self) -> RevocationStore: ...
    @property
    def audit(self) -> AuditStore: ...

    async def commit(self) -> None: ...


Begin = Callable[[], AbstractAsyncContextManager[Work]]

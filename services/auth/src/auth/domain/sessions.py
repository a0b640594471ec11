"""Sessions: kept alive by refresh tokens, ended for good."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auth.domain.access_tokens import AccessTokens, TokenPair
from auth.domain.audit.events import Detail, Event
from auth.domain.refresh_tokens import RefreshTokens, invalid
from auth.domain.revocations import Revocation
from auth.domain.stores import Begin, LiveSession, Outcome, RotationStore, Spending, Work
from chassis.clock import Clock
from chassis.errors import NotFound, ServiceError, Unauthenticated, Unavailable

# Longer than any attempt whose failure a gateway answers with another one.
_LONGEST_ATTEMPT: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions live.

    Attributes:
        idle: without a refresh.
        absolute: at all.
        grace: in which the parent of a refresh token still gets the same answer.
    """

    idle: timedelta
    absolute: timedelta
    grace: timedelta

    @property
    def forgive_repetition(self) -> bool:
        """Whether something on the way may ask again for a refresh whose answer was lost."""
        return self.grace >= _LONGEST_ATTEMPT

    def idle_end(self, now: datetime) -> datetime:
        return now + self.idle


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks, by the access token they presented."""

    user: uuid.UUID
    session: str
    token: str


class Sessions:
    def __init__(
        self,
        *,
        begin: Begin,
        rotations: RotationStore,
        refresh_tokens: RefreshTokens,
        access_tokens: AccessTokens,
        lifetimes: Lifetimes,
        clock: Clock,
    ) -> None:
        self._begin = begin
        self._rotations = rotations
        self._refresh_tokens = refresh_tokens
        self._access_tokens = access_tokens
        self._lifetimes = lifetimes
        self._clock = clock

    @property
    def token_lifetime(self) -> timedelta:
        return self._access_tokens.lifetime

    async def refresh(self, text: str, *, repeated: bool = False) -> TokenPair:
        """Spends a refresh token for its successor.

        Args:
            text: the token.
            repeated: whether it is not its owner who asks again but something on the way; without a
                grace to forgive that, what the first attempt did is left as it is.

        Raises:
            Unauthenticated: INVALID_REFRESH_TOKEN, SESSION_ENDED, or
                SESSION_REPLAYED: it was spent before, and its session is now ended.
            Unavailable: it was repeated, and there is no grace.
        """
        if not self._lifetimes.forgive_repetition and repeated:
            raise Unavailable("The answer was lost; try again.", retry_after=1)
        token = self._refresh_tokens.parse(text)
        successor = self._refresh_tokens.successor(token)
        successors = self._refresh_tokens.digests(successor)
        now = self._clock.now()
        spent = await self._rotations.spend(
            Spending(
                session=token.session,
                generation=token.generation,
                digests=self._refresh_tokens.digests(token),
                # Today's key comes first.
                successor=successors[0],
                successors=successors,
                now=now,
                idle_expires_at=self._lifetimes.idle_end(now),
                grace=self._lifetimes.grace,
            )
        )
        if spent.issue is not None:
            return self._access_tokens.pair(spent.issue, self._refresh_tokens.text(successor))
        if spent.outcome == "replayed":
            await self._end_replayed(token.session, token.generation, now)
        raise _refusal(spent.outcome)

    async def logout(self, caller: Caller, refresh_text: str = "") -> None:
        """Ends the caller's session, and the refresh token's too if it is theirs. Idempotent."""
        named = [session for session in (_uuid(caller.session), self._session_of(refresh_text)) if session]
        now, lifetime = self._clock.now(), self._access_tokens.lifetime
        async with self._begin() as work:
            ended = await work.sessions.end(caller.user, named, now=now, reason="logout")
            revoked = [Revocation.of_session(session, now=now, lifetime=lifetime) for session in ended]
            if caller.session not in {str(session) for session in ended}:
                # No session of its own, or one that ended before: the token itself goes.
                revoked.append(Revocation.of_token(caller.token, now=now, lifetime=lifetime))
            await work.revocations.add(*revoked)
            user = str(caller.user)
            for session in ended:
                await work.audit.append(
                    Event(now, "session.ended", user, str(session), details={"reason": "logout"})
                )
            if not ended:
                await work.audit.append(
                    Event(now, "token.revoked", user, user, details={"session": caller.session})
                )
            await work.commit()

    async def live(self, user: uuid.UUID) -> Sequence[LiveSession]:
        async with self._begin() as work:
            return await work.sessions.live(user, self._clock.now())

    async def end(self, user: uuid.UUID, session_text: str) -> None:
        """Ends one session of a user. Idempotent.

        Raises:
            NotFound: there is none, or it is not theirs.
        """
        session = _uuid(session_text)
        now = self._clock.now()
        async with self._begin() as work:
            if session is None or not await work.sessions.owned(user, session):
                raise NotFound("There is no such session.")
            ended = await work.sessions.end(user, [session], now=now, reason="ended_by_user")
            await self._revoke(work, ended, now)
            for each in ended:
                await work.audit.append(
                    Event(now, "session.ended", str(user), str(each), details={"reason": "ended_by_user"})
                )
            await work.commit()

    async def end_all(self, user: uuid.UUID, *, reason: str = "ended_by_user") -> int:
        """Ends every session of a user and voids every access token they hold."""
        async with self._begin() as work:
            ended = await self.end_all_within(work, user, reason=reason)
            details: dict[Detail, str] = {"sessions": str(ended), "reason": reason}
            await work.audit.append(
                Event(self._clock.now(), "session.all_ended", str(user), str(user), details=details)
            )
            await work.commit()
        return ended

    async def end_all_within(self, work: Work, user: uuid.UUID, *, reason: str) -> int:
        """The same as part of a transaction that takes nothing else afterwards but the audit trail."""
        now = self._clock.now()
        if not await work.users.hold(user):
            return 0
        ended = await work.sessions.end_all(user, now=now, reason=reason)
        # Whichever replica dated their tokens, and whatever its clock says.
        until = max(now, ended.latest_issue or now)
        await work.users.void_tokens(user, until=until)
        await work.revocations.add(
            Revocation.of_user(user, not_before=until, lifetime=self._access_tokens.lifetime)
        )
        return len(ended.sessions)

    async def _end_replayed(self, session: uuid.UUID, generation: int, now: datetime) -> None:
        async with self._begin() as work:
            user = await work.sessions.end_spent(session, generation, now=now)
            if user is not None:
                await self._revoke(work, [session], now)
                # Whoever presented it is not known: the owner, or who stole it from them.
                await work.audit.append(
                    Event(now, "session.replayed", "", str(session), details={"user": str(user)})
                )
                await work.commit()

    async def _revoke(self, work: Work, ended: Sequence[uuid.UUID], now: datetime) -> None:
        lifetime = self._access_tokens.lifetime
        await work.revocations.add(
            *(Revocation.of_session(session, now=now, lifetime=lifetime) for session in ended)
        )

    def _session_of(self, refresh_text: str) -> uuid.UUID | None:
        try:
            return self._refresh_tokens.parse(refresh_text).session if refresh_text else None
        except Unauthenticated:
            # Signing out with a token that is not ours is still signing out.
            return None


def _refusal(outcome: Outcome) -> ServiceError:
    if outcome == "replayed":
        return Unauthenticated(
            "The refresh token was used before, so its session has been ended; sign in again.",
            reason="SESSION_REPLAYED",
        )
    if outcome == "ended":
        return Unauthenticated("The session has ended; sign in again.", reason="SESSION_ENDED")
    return invalid()


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None

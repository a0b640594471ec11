"""Signing in with a password: every way it can fail looks the same and costs the same."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from auth.domain.access_tokens import AccessTokens, TokenPair
from auth.domain.accounts import Candidate, Client, Issue
from auth.domain.audit.events import Detail, Event
from auth.domain.passwords.hasher import PasswordHasher, Verified
from auth.domain.refresh_tokens import RefreshToken, RefreshTokens
from auth.domain.revocations import Revocation
from auth.domain.sessions import Lifetimes
from auth.domain.stores import Begin, CandidateStore, Opening
from auth.domain.throttle.sign_in import SignInThrottle
from auth.domain.usernames import username_key
from chassis.clock import Clock
from chassis.errors import Unauthenticated, Unavailable

_LOOKS: Final = 3


@dataclass(frozen=True, slots=True)
class SignedIn:
    tokens: TokenPair
    device_token: str = field(repr=False)


def refused() -> Unauthenticated:
    """Wrong name, wrong password, disabled: nobody learns which."""
    return Unauthenticated("The user name or the password is wrong.", reason="INVALID_CREDENTIALS")


class SignIn:
    def __init__(
        self,
        *,
        begin: Begin,
        candidates: CandidateStore,
        passwords: PasswordHasher,
        throttle: SignInThrottle,
        refresh_tokens: RefreshTokens,
        access_tokens: AccessTokens,
        lifetimes: Lifetimes,
        most_sessions: int,
        clock: Clock,
        new_id: Callable[[], uuid.UUID],
    ) -> None:
        self._begin = begin
        self._candidates = candidates
        self._passwords = passwords
        self._throttle = throttle
        self._refresh_tokens = refresh_tokens
        self._access_tokens = access_tokens
        self._lifetimes = lifetimes
        self._most_sessions = most_sessions
        self._clock = clock
        self._new_id = new_id

    async def with_password(self, username: str, password: str, client: Client) -> SignedIn:
        """Starts a session.

        Raises:
            Unauthenticated: INVALID_CREDENTIALS.
            Exhausted: SIGN_IN_THROTTLED.
            Unavailable: HASHING_OVERLOADED, DATABASE_UNAVAILABLE.
        """
        key = username_key(username)
        # What cannot be a name is throttled by its beginning and checked against nobody.
        account = key if key is not None else username[:128]
        attempt = await self._throttle.reserve(
            account=account, address=client.address, device_token=client.device_token
        )
        try:
            issued, suspect = await self._judge(key, password, client, known_device=attempt.known_device)
        except Unavailable:
            # Nothing was learned from this try, so it is not counted.
            await self._throttle.abandoned(attempt)
            raise
        if issued is None:
            await self._record_failure(account, suspect, client)
            raise refused()
        issue, refresh_token = issued
        device_token = await self._throttle.succeeded(attempt, account=account)
        pair = self._access_tokens.pair(issue, self._refresh_tokens.text(refresh_token))
        return SignedIn(pair, device_token)

    async def _judge(
        self, key: str | None, password: str, client: Client, *, known_device: bool
    ) -> tuple[tuple[Issue, RefreshToken] | None, Candidate | None]:
        seen: Candidate | None = None
        candidate: Candidate | None = None
        for _ in range(_LOOKS):
            candidate = await self._candidates.candidate(key) if key is not None else None
            if candidate is not None and candidate == seen:
                break
            verified = await self._passwords.verify(_stored(candidate), password)
            if candidate is None or not verified.ok:
                break
            issued = await self._open(candidate, verified, client, known_device=known_device)
            if issued is not None:
                return issued, candidate
            # The account changed under us: a second sign-in may have renewed the hash.
            seen = candidate
        return None, candidate

    async def _open(
        self, candidate: Candidate, verified: Verified, client: Client, *, known_device: bool
    ) -> tuple[Issue, RefreshToken] | None:
        now = self._clock.now()
        token = self._refresh_tokens.first(self._new_id())
        opening = Opening(
            session=token.session,
            token=self._refresh_tokens.digest(token),
            client=client,
            now=now,
            idle_expires_at=min(self._lifetimes.idle_end(now), now + self._lifetimes.absolute),
            expires_at=now + self._lifetimes.absolute,
        )
        async with self._begin() as work:
            issue = await work.sessions.open(
                candidate.holder.user, opening, seen=candidate.password, rehash=verified.rehash
            )
            if issue is None:
                return None
            surplus = await work.sessions.end_surplus(
                candidate.holder.user, most=self._most_sessions, sparing=token.session, now=now
            )
            lifetime = self._access_tokens.lifetime
            await work.revocations.add(
                *(Revocation.of_session(session, now=now, lifetime=lifetime) for session in surplus)
            )
            user = str(candidate.holder.user)
            details: dict[Detail, str] = {
                "session": str(token.session),
                "known_device": "yes" if known_device else "no",
            }
            await work.audit.append(
                Event(now, "sign_in.succeeded", user, user, address=client.address, details=details)
            )
            for session in surplus:
                ended: dict[Detail, str] = {"reason": "too_many"}
                await work.audit.append(
                    Event(now, "session.ended", user, str(session), address=client.address, details=ended)
                )
            await work.commit()
        return issue, token

    async def _record_failure(self, account: str, suspect: Candidate | None, client: Client) -> None:
        """The same statements for an account that exists and for one that does not."""
        subject = str(suspect.holder.user) if suspect else ""
        details: dict[Detail, str] = {"account": self._throttle.alias(account)}
        async with self._begin() as work:
            await work.audit.append(
                Event(self._clock.now(), "sign_in.failed", "", subject, client.address, details)
            )
            await work.commit()


def _stored(candidate: Candidate | None) -> str | None:
    # Who may not sign in is nobody: the right password must not even be hashed anew for them.
    if candidate is None or candidate.service_account or candidate.disabled:
        return None
    return candidate.password

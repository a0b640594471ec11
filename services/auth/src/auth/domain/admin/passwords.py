"""People change their own password: with the old one, or with a reset token that an admin gave them."""

import uuid

from auth.domain.admin.stores import BeginAdmin, Owner
from auth.domain.audit.events import Detail, Event
from auth.domain.opaque import OpaqueSecrets
from auth.domain.passwords.hasher import PasswordHasher
from auth.domain.passwords.policy import PasswordPolicy
from auth.domain.revocations import Revocation
from auth.domain.sessions import Caller, Sessions
from auth.domain.sign_in import refused
from auth.domain.throttle.sign_in import SignInThrottle
from chassis.clock import Clock
from chassis.errors import Unauthenticated, Unavailable


def invalid_reset_token() -> Unauthenticated:
    """Unknown, spent and expired alike."""
    return Unauthenticated("The reset token is not valid; ask for a new one.", reason="INVALID_RESET_TOKEN")


class OwnPassword:
    def __init__(
        self,
        *,
        begin: BeginAdmin,
        sessions: Sessions,
        passwords: PasswordHasher,
        policy: PasswordPolicy,
        throttle: SignInThrottle,
        resets: OpaqueSecrets,
        clock: Clock,
    ) -> None:
        self._begin = begin
        self._sessions = sessions
        self._passwords = passwords
        self._policy = policy
        self._throttle = throttle
        self._resets = resets
        self._clock = clock

    async def change(self, caller: Caller, current: str, new: str) -> None:
        """Ends every other session of the caller.

        Raises:
            Unauthenticated: INVALID_CREDENTIALS.
            Exhausted: SIGN_IN_THROTTLED: a stolen access token must not find out the password.
            Invalid: WEAK_PASSWORD.
        """
        async with self._begin() as work:
            owner = await work.accounts.owner(caller.user)
        if owner is None:
            raise refused()
        # Before the old password is looked at: a weak new one says nothing about it.
        self._policy.check(new, username=owner.username)
        attempt = await self._throttle.reserve_proof(str(caller.user))
        try:
            known = (await self._passwords.verify(owner.password, current)).ok
            hashed = await self._passwords.hash(new) if known else ""
        except Unavailable:
            await self._throttle.abandoned(attempt)
            raise
        if not known:
            raise refused()
        await self._throttle.settled(attempt)
        await self._store(caller, owner, hashed)

    async def redeem(self, token: str, new: str) -> uuid.UUID:
        """Spends a reset token; ends every session of its user.

        Raises:
            Unauthenticated: INVALID_RESET_TOKEN.
            Invalid: WEAK_PASSWORD; the token can still be spent.
        """
        digests = self._resets.digests(token)
        if not digests:
            raise invalid_reset_token()
        async with self._begin() as work:
            owner = await work.resets.owner(digests, now=self._clock.now())
        if owner is None:
            raise invalid_reset_token()
        self._policy.check(new, username=owner.username)
        hashed = await self._passwords.hash(new)
        now = self._clock.now()
        async with self._begin() as work:
            if not await work.users.hold(owner.id) or not await work.resets.spend(digests, now=now):
                raise invalid_reset_token()
            await work.accounts.set_password(owner.id, hashed, now=now)
            await self._sessions.end_all_within(work, owner.id, reason="password_reset")
            await work.audit.append(Event(now, "password.reset_redeemed", "", str(owner.id)))
            await work.commit()
        return owner.id

    async def _store(self, caller: Caller, owner: Owner, hashed: str) -> None:
        now, spared = self._clock.now(), uuid.UUID(caller.session)
        async with self._begin() as work:
            await work.users.hold(owner.id)
            if await work.accounts.owner(owner.id) != owner:
                # Somebody else changed it while this one was hashed.
                raise refused()
            await work.accounts.set_password(owner.id, hashed, now=now)
            ended = await work.sessions.end_all(owner.id, now=now, reason="password_changed", sparing=spared)
            lifetime = self._sessions.token_lifetime
            await work.revocations.add(
                *(Revocation.of_session(each, now=now, lifetime=lifetime) for each in ended.sessions)
            )
            details: dict[Detail, str] = {"sessions": str(len(ended.sessions))}
            user = str(owner.id)
            await work.audit.append(Event(now, "password.changed", user, user, details=details))
            await work.commit()

"""Accounts as an admin changes them: every change that takes a right away ends their sessions with it."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from auth.domain.accounts import Role
from auth.domain.admin.stores import AdminWork, BeginAdmin, NewUser, User
from auth.domain.audit.events import Detail, Event
from auth.domain.opaque import OpaqueSecrets
from auth.domain.passwords.hasher import PasswordHasher
from auth.domain.passwords.policy import PasswordPolicy
from auth.domain.sessions import Sessions
from auth.domain.usernames import username_key
from chassis.clock import Clock
from chassis.errors import Conflict, Invalid, NotFound

RESET_LIFETIME: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ResetToken:
    text: str = field(repr=False)
    expires_at: datetime


def user_not_found() -> NotFound:
    return NotFound("There is no such user.", reason="USER_NOT_FOUND")


def _no_password() -> Invalid:
    return Invalid("A service account has API keys, no password.", reason="PASSWORD_FOR_SERVICE_ACCOUNT")


def usable_name(typed: str) -> str:
    """The key of a name that an account may have.

    Raises:
        Invalid: INVALID_USERNAME.
    """
    key = username_key(typed)
    if key is None or typed != typed.strip():
        raise Invalid("The user name is empty, too long or not printable.", reason="INVALID_USERNAME")
    return key


class Users:
    """Everything here is asked by an admin, `actor`, whose right was checked before."""

    def __init__(
        self,
        *,
        begin: BeginAdmin,
        sessions: Sessions,
        passwords: PasswordHasher,
        policy: PasswordPolicy,
        resets: OpaqueSecrets,
        clock: Clock,
        new_id: Callable[[], uuid.UUID],
    ) -> None:
        self._begin = begin
        self._sessions = sessions
        self._passwords = passwords
        self._policy = policy
        self._resets = resets
        self._clock = clock
        self._new_id = new_id

    async def create(
        self, actor: str, username: str, *, password: str, role: Role, service_account: bool
    ) -> tuple[User, ResetToken | None]:
        """An account; without a password, a person gets a token to set one with.

        Raises:
            Conflict: USER_EXISTS.
            Invalid: INVALID_USERNAME, WEAK_PASSWORD, or PASSWORD_FOR_SERVICE_ACCOUNT.
        """
        key = usable_name(username)
        if service_account and password:
            raise _no_password()
        if password:
            self._policy.check(password, username=username)
        hashed = await self._passwords.hash(password) if password else None
        now = self._clock.now()
        new = NewUser(self._new_id(), username, key, role, service_account, now, hashed)
        async with self._begin() as work:
            if not await work.accounts.add(new):
                raise Conflict("There is a user of this name already.", reason="USER_EXISTS")
            person_without = not service_account and not password
            reset = await self._reset_token(work, new.id, now) if person_without else None
            details: dict[Detail, str] = {"role": role, "service_account": _yes(service_account)}
            await work.audit.append(Event(now, "user.created", actor, str(new.id), details=details))
            await work.commit()
        return new.made(), reset

    async def get(self, user: uuid.UUID) -> User:
        """Raises NotFound: USER_NOT_FOUND."""
        async with self._begin() as work:
            return await _found(work, user)

    async def page(self, after: str, size: int) -> tuple[Sequence[User], str]:
        """Users in the order of their names, and where the next page begins; empty on the last."""
        async with self._begin() as work:
            rows = await work.accounts.after(after, size + 1)
        more = rows[size - 1][0] if len(rows) > size else ""
        return [user for _, user in rows[:size]], more

    async def update(
        self, actor: str, user: uuid.UUID, *, role: Role | None = None, disabled: bool | None = None
    ) -> User:
        """Changes what is given.

        Raises:
            NotFound: USER_NOT_FOUND.
            Conflict: LAST_ADMIN: afterwards nobody could administer anything.
        """
        async with self._begin() as work:
            admins = await work.accounts.hold_admins()
            before = await _held(work, user)
            after_role = before.role if role is None else role
            after_disabled = before.disabled if disabled is None else disabled
            if (after_role, after_disabled) == (before.role, before.disabled):
                return before
            if after_role != "admin" or after_disabled:
                _keep_an_admin(admins, user)
            await work.accounts.change(user, role=after_role, disabled=after_disabled)
            await self._sessions.end_all_within(work, user, reason="account_changed")
            details: dict[Detail, str] = {"role": after_role, "disabled": _yes(after_disabled)}
            await work.audit.append(
                Event(self._clock.now(), "user.updated", actor, str(user), details=details)
            )
            await work.commit()
            return await _found(work, user)

    async def reset_password(self, actor: str, user: uuid.UUID, new_password: str) -> ResetToken | None:
        """Sets a password, or gives a token to set one with; ends every session of theirs.

        The old password works no longer in either case.

        Raises:
            NotFound: USER_NOT_FOUND.
            Invalid: WEAK_PASSWORD, or PASSWORD_FOR_SERVICE_ACCOUNT.
        """
        target = await self.get(user)
        if target.service_account:
            raise _no_password()
        if new_password:
            self._policy.check(new_password, username=target.username)
        hashed = await self._passwords.hash(new_password) if new_password else None
        now = self._clock.now()
        async with self._begin() as work:
            await _held(work, user)
            await work.accounts.set_password(user, hashed, now=now)
            reset = None if hashed else await self._reset_token(work, user, now)
            await self._sessions.end_all_within(work, user, reason="password_reset")
            kind: Final = "password.reset" if hashed else "password.reset_issued"
            await work.audit.append(Event(now, kind, actor, str(user)))
            await work.commit()
        return reset

    async def delete(self, actor: str, user: uuid.UUID) -> None:
        """Ends every session and removes the account; the trail keeps its id.

        Raises:
            NotFound: USER_NOT_FOUND.
            Conflict: LAST_ADMIN.
        """
        async with self._begin() as work:
            admins = await work.accounts.hold_admins()
            await _held(work, user)
            _keep_an_admin(admins, user)
            await self._sessions.end_all_within(work, user, reason="account_deleted")
            await work.accounts.delete(user)
            await work.audit.append(Event(self._clock.now(), "user.deleted", actor, str(user)))
            await work.commit()

    async def _reset_token(self, work: AdminWork, user: uuid.UUID, now: datetime) -> ResetToken:
        made = self._resets.make()
        expires_at = now + RESET_LIFETIME
        await work.resets.add(user, made.digest, now=now, expires_at=expires_at)
        return ResetToken(made.text, expires_at)


async def _found(work: AdminWork, user: uuid.UUID) -> User:
    found = await work.accounts.get(user)
    if found is None:
        raise user_not_found()
    return found


async def _held(work: AdminWork, user: uuid.UUID) -> User:
    await work.users.hold(user)
    return await _found(work, user)


def _keep_an_admin(admins: Sequence[uuid.UUID], leaving: uuid.UUID) -> None:
    if list(admins) == [leaving]:
        raise Conflict("This is the last admin; make another one first.", reason="LAST_ADMIN")


def _yes(value: bool) -> str:  # noqa: FBT001 - one word for one value
    return "yes" if value else "no"

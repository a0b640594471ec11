"""The first admin, made with a secret that works once in the life of an installation."""

import hashlib
import hmac
import uuid
from collections.abc import Callable

from auth.domain.admin.stores import BeginAdmin, NewUser, User
from auth.domain.admin.users import usable_name
from auth.domain.audit.events import Event
from auth.domain.passwords.hasher import PasswordHasher
from auth.domain.passwords.policy import PasswordPolicy
from chassis.clock import Clock
from chassis.errors import Conflict, Unauthenticated


class Bootstrap:
    """`secret` is None where the installation was not given one."""

    def __init__(
        self,
        *,
        secret: str | None,
        begin: BeginAdmin,
        passwords: PasswordHasher,
        policy: PasswordPolicy,
        clock: Clock,
        new_id: Callable[[], uuid.UUID],
    ) -> None:
        self._secret = hashlib.sha256(secret.encode()).digest() if secret else None
        self._begin = begin
        self._passwords = passwords
        self._policy = policy
        self._clock = clock
        self._new_id = new_id

    async def run(self, secret: str, *, username: str, password: str) -> User:
        """The first admin.

        Raises:
            Unauthenticated: INVALID_BOOTSTRAP_SECRET.
            Conflict: ALREADY_BOOTSTRAPPED: it was spent, or there is an admin by other means.
            Invalid: INVALID_USERNAME, WEAK_PASSWORD; the secret can still be spent.
        """
        if not self._knows(secret):
            raise Unauthenticated("This is not the bootstrap secret.", reason="INVALID_BOOTSTRAP_SECRET")
        key = usable_name(username)
        self._policy.check(password, username=username)
        hashed = await self._passwords.hash(password)
        now = self._clock.now()
        new = NewUser(self._new_id(), username, key, "admin", False, now, hashed)
        async with self._begin() as work:
            # Whoever is second waits here for the first, and then finds it done.
            first = await work.accounts.bootstrapped(new.id, now=now)
            if not first or await work.accounts.hold_admins():
                raise _done()
            if not await work.accounts.add(new):
                raise Conflict("There is a user of this name already.", reason="USER_EXISTS")
            await work.audit.append(Event(now, "bootstrap.completed", "", str(new.id)))
            await work.commit()
        return new.made()

    def _knows(self, secret: str) -> bool:
        given = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        return hmac.compare_digest(given, self._secret or bytes(len(given)))


def _done() -> Conflict:
    return Conflict("This installation has its first admin already.", reason="ALREADY_BOOTSTRAPPED")

"""API keys: how a service account, which has no password, gets its short-lived access tokens."""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from auth.domain.access_tokens import AccessTokens
from auth.domain.accounts import Client, Role
from auth.domain.admin.stores import AdminWork, ApiKey, BeginAdmin
from auth.domain.admin.users import user_not_found
from auth.domain.audit.events import Detail, Event
from auth.domain.opaque import OpaqueSecrets
from auth.domain.revocations import Revocation
from chassis.clock import Clock
from chassis.errors import Invalid, Unauthenticated, Unavailable

DEFAULT_LIFETIME: Final = timedelta(days=90)
LONGEST_LIFETIME: Final = timedelta(days=365)
MOST_SCOPES: Final = 32
# RFC 6749 3.3, cut to a length that fits a token.
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Exchanged:
    access_token: str = field(repr=False)
    expires_in: int
    session: str
    role: Role
    scopes: Sequence[str]


class ApiKeys:
    def __init__(
        self,
        *,
        begin: BeginAdmin,
        access_tokens: AccessTokens,
        secrets: OpaqueSecrets,
        clock: Clock,
        new_id: Callable[[], uuid.UUID],
    ) -> None:
        self._begin = begin
        self._access_tokens = access_tokens
        self._secrets = secrets
        self._clock = clock
        self._new_id = new_id

    async def create(
        self, actor: str, user: uuid.UUID, *, scopes: Sequence[str], lifetime: timedelta | None
    ) -> tuple[ApiKey, str]:
        """The key, and its secret, which is told this once.

        Raises:
            NotFound: USER_NOT_FOUND.
            Invalid: NOT_A_SERVICE_ACCOUNT, INVALID_SCOPE, INVALID_LIFETIME.
        """
        wanted = _scopes(scopes)
        lifetime = lifetime or DEFAULT_LIFETIME
        if not timedelta(0) < lifetime <= LONGEST_LIFETIME:
            raise Invalid("An API key lives for a year at most.", reason="INVALID_LIFETIME")
        now, made = self._clock.now(), self._secrets.make()
        key = ApiKey(self._new_id(), made.shown, wanted, now, now + lifetime, None)
        async with self._begin() as work:
            await work.users.hold(user)
            await _machine(work, user)
            await work.api_keys.add(user, key, made.digest)
            details: dict[Detail, str] = {
                "api_key": str(key.id), "prefix": key.prefix, "scopes": " ".join(wanted),
            }  # fmt: skip
            await work.audit.append(Event(now, "api_key.created", actor, str(user), details=details))
            await work.commit()
        return key, made.text

    async def of(self, user: uuid.UUID) -> Sequence[ApiKey]:
        """Raises what `create` raises for a user who cannot have any."""
        async with self._begin() as work:
            await _machine(work, user)
            return await work.api_keys.of(user)

    async def delete(self, actor: str, user: uuid.UUID, key: uuid.UUID) -> None:
        """Ends a key and every access token made from it. Idempotent."""
        now = self._clock.now()
        async with self._begin() as work:
            if not await work.api_keys.delete(user, key):
                return
            # Their `sid` is the key.
            lifetime = self._access_tokens.lifetime
            await work.revocations.add(Revocation.of_session(key, now=now, lifetime=lifetime))
            details: dict[Detail, str] = {"api_key": str(key)}
            await work.audit.append(Event(now, "api_key.deleted", actor, str(user), details=details))
            await work.commit()

    async def exchange(self, secret: str, scopes: Sequence[str], client: Client) -> Exchanged:
        """An access token with a subset of the key's scopes; all of them when none is named.

        Raises:
            Unauthenticated: INVALID_CLIENT, for every key that may not, for whatever reason.
            Invalid: INVALID_SCOPE.
        """
        digests = self._secrets.digests(secret)
        if not digests:
            raise _invalid_client()
        wanted = _scopes(scopes)
        now = self._clock.now()
        async with self._begin() as work:
            found = await work.api_keys.use(digests, now=now)
            if found is None:
                raise _invalid_client()
            if found.issued_at > now:
                # What they held was voided this very second. A token dated to the next one would
                # outlive being voided once more before it comes.
                raise Unavailable("The account has just been changed; try again.", retry_after=1)
            if not set(wanted) <= set(found.scopes):
                raise Invalid("The API key does not have this scope.", reason="INVALID_SCOPE")
            granted = wanted or tuple(found.scopes)
            user = str(found.holder.user)
            details: dict[Detail, str] = {"api_key": str(found.key), "scopes": " ".join(granted)}
            await work.audit.append(Event(now, "api_key.exchanged", user, user, client.address, details))
            await work.commit()
        token = self._access_tokens.issue(
            found.holder,
            session=str(found.key),
            issued_at=found.issued_at.timestamp(),
            client_id=user,
            scopes=granted,
        )
        expires_in = int(self._access_tokens.lifetime.total_seconds())
        return Exchanged(token, expires_in, str(found.key), found.holder.role, granted)


async def _machine(work: AdminWork, user: uuid.UUID) -> None:
    found = await work.accounts.get(user)
    if found is None:
        raise user_not_found()
    if not found.service_account:
        raise Invalid("Only a service account has API keys.", reason="NOT_A_SERVICE_ACCOUNT")


def _scopes(asked: Sequence[str]) -> tuple[str, ...]:
    if len(asked) > MOST_SCOPES or not all(_SCOPE.fullmatch(scope) for scope in asked):
        raise Invalid("A scope is not well-formed.", reason="INVALID_SCOPE")
    return tuple(sorted(set(asked)))


def _invalid_client() -> Unauthenticated:
    return Unauthenticated("The API key is not valid.", reason="INVALID_CLIENT")

"""Registered clients: third parties that may ask whether a token is live, and end one."""

import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from auth.domain.access_tokens import AccessTokens
from auth.domain.accounts import Role
from auth.domain.admin.stores import BeginAdmin, Client
from auth.domain.audit.events import Detail, Event
from auth.domain.opaque import OpaqueSecrets
from auth.domain.refresh_tokens import RefreshToken, RefreshTokens
from auth.domain.revocations import Revocation
from chassis.clock import Clock
from chassis.errors import Invalid, Unauthenticated

LONGEST_NAME: Final = 128
_ID_PREFIX: Final = "arc_"
_ID: Final = re.compile(rf"{_ID_PREFIX}[0-9a-f]{{32}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AccessFacts:
    """What a verified access token says; times in seconds since the epoch."""

    subject: str
    username: str
    session: str
    token: str
    role: Role
    issued_at: float
    expires_at: float
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Introspected:
    kind: Literal["access_token", "refresh_token"]
    facts: AccessFacts


ReadAccessToken = Callable[[str], Awaitable[AccessFacts | None]]


@dataclass(frozen=True, slots=True)
class Registered:
    id: str
    secret: str = field(repr=False)


class Clients:
    def __init__(
        self,
        *,
        begin: BeginAdmin,
        secrets: OpaqueSecrets,
        refresh_tokens: RefreshTokens,
        access_tokens: AccessTokens,
        read_access_token: ReadAccessToken,
        clock: Clock,
        new_id: Callable[[], uuid.UUID],
    ) -> None:
        self._begin = begin
        self._secrets = secrets
        self._refresh_tokens = refresh_tokens
        self._access_tokens = access_tokens
        self._read = read_access_token
        self._clock = clock
        self._new_id = new_id

    async def register(self, actor: str, name: str) -> Registered:
        """Raises Invalid: INVALID_NAME."""
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise Invalid("The client needs a printable name.", reason="INVALID_NAME")
        made, now = self._secrets.make(), self._clock.now()
        client = Client(_ID_PREFIX + self._new_id().hex, name, made.digest)
        async with self._begin() as work:
            await work.clients.add(client, now=now)
            await work.audit.append(Event(now, "client.registered", actor, client.id, details={"name": name}))
            await work.commit()
        return Registered(client.id, made.text)

    async def delete(self, actor: str, client: str) -> None:
        """Idempotent."""
        if not _ID.fullmatch(client):
            return
        async with self._begin() as work:
            if await work.clients.delete(client):
                await work.audit.append(Event(self._clock.now(), "client.deleted", actor, client))
                await work.commit()

    async def introspect(self, client: str, secret: str, token: str) -> Introspected | None:
        """What a live token says; None for any other, for whatever reason (RFC 7662 2.2).

        Raises:
            Unauthenticated: INVALID_CLIENT.
        """
        await self._authenticate(client, secret)
        refresh = self._refresh(token)
        if refresh is None:
            facts = await self._read(token)
            return Introspected("access_token", facts) if facts else None
        now = self._clock.now()
        async with self._begin() as work:
            live = await work.introspection.live(
                refresh.session, self._refresh_tokens.digests(refresh), now=now
            )
        if live is None:
            return None
        facts = AccessFacts(
            subject=str(live.holder.user),
            username=live.holder.username,
            session=str(live.session),
            token="",
            role=live.holder.role,
            issued_at=_seconds(live.issued_at),
            expires_at=_seconds(live.expires_at),
            scopes=(),
        )
        return Introspected("refresh_token", facts)

    async def revoke(self, client: str, secret: str, token: str) -> None:
        """Ends a token, and with a refresh token its session. Anything else is a success (RFC 7009 2.2).

        Raises:
            Unauthenticated: INVALID_CLIENT.
        """
        await self._authenticate(client, secret)
        refresh = self._refresh(token)
        if refresh is not None:
            await self._end_session(client, refresh)
            return
        facts = await self._read(token)
        if facts is not None:
            await self._end_token(client, facts)

    async def _end_session(self, client: str, refresh: RefreshToken) -> None:
        now = self._clock.now()
        async with self._begin() as work:
            owner = await work.introspection.session_owner(refresh.session)
            if owner is None:
                return
            ended = await work.sessions.end(owner, [refresh.session], now=now, reason="revoked_by_client")
            if not ended:
                return
            lifetime = self._access_tokens.lifetime
            await work.revocations.add(Revocation.of_session(refresh.session, now=now, lifetime=lifetime))
            details: dict[Detail, str] = {"user": str(owner), "reason": "revoked_by_client"}
            await work.audit.append(
                Event(now, "session.ended", client, str(refresh.session), details=details)
            )
            await work.commit()

    async def _end_token(self, client: str, facts: AccessFacts) -> None:
        now, lifetime = self._clock.now(), self._access_tokens.lifetime
        async with self._begin() as work:
            await work.revocations.add(Revocation.of_token(facts.token, now=now, lifetime=lifetime))
            await work.audit.append(
                Event(now, "token.revoked", client, facts.subject, details={"session": facts.session})
            )
            await work.commit()

    async def _authenticate(self, client: str, secret: str) -> None:
        async with self._begin() as work:
            # What cannot be an id is looked up as one that nobody has.
            found = await work.clients.get(client if _ID.fullmatch(client) else _ID_PREFIX)
        # An unknown client is compared too, with what nothing hashes to.
        known = self._secrets.matches(secret, found.secret if found else bytes(32))
        if found is None or not known:
            raise Unauthenticated("The client is not known, or its secret is wrong.", reason="INVALID_CLIENT")
        current = self._secrets.digests(secret)[0]
        if found.secret != current:
            # Under a previous SECRET_KEY, which will not be accepted for ever.
            async with self._begin() as work:
                await work.clients.renew(client, current)
                await work.commit()

    def _refresh(self, token: str) -> RefreshToken | None:
        try:
            return self._refresh_tokens.parse(token)
        except Unauthenticated:
            return None


def _seconds(at: datetime) -> float:
    return at.timestamp()

"""What machines sign in with: API keys of service accounts, registered clients, and what those may ask."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import LargeBinary, bindparam, delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from auth.domain.accounts import Holder
from auth.domain.admin.stores import ApiKey, Client, Exchange, LiveRefresh
from auth.storage.lease import Statements
from auth.storage.tables import api_keys, clients, sessions, users

# The account is written to, so that a change of it that is not committed yet is waited for and
# seen: what is issued here is dated after whatever has voided tokens of theirs, or not at all.
# A hash under a previous SECRET_KEY is made anew on the way.
_USE: Final = text(
    """
    WITH found AS (
        SELECT id, user_id FROM api_keys WHERE secret_hash = ANY (:digests) AND expires_at > :now
    ), account AS (
        UPDATE users u SET last_sign_in_at = :now
        FROM found WHERE u.id = found.user_id AND NOT u.disabled AND u.service_account
        RETURNING u.id, u.username, u.role, found.id AS key,
            greatest(
                CAST(:now AS timestamptz), date_trunc('second', u.not_before) + interval '1 second'
            ) AS issued_at
    ), used AS (
        UPDATE api_keys k SET last_used_at = :now, secret_hash = :current
        FROM account WHERE k.id = account.key
        RETURNING k.id, k.scopes
    )
    SELECT used.id AS key, used.scopes, account.id, account.username, account.role, account.issued_at
    FROM used JOIN account ON account.key = used.id
    """
).bindparams(bindparam("digests", type_=ARRAY(LargeBinary)))


class ApiKeys:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, user: uuid.UUID, key: ApiKey, digest: bytes) -> None:
        await self._statements.execute(
            insert(api_keys).values(
                id=key.id,
                user_id=user,
                prefix=key.prefix,
                secret_hash=digest,
                scopes=list(key.scopes),
                created_at=key.created_at,
                expires_at=key.expires_at,
            )
        )

    async def of(self, user: uuid.UUID) -> Sequence[ApiKey]:
        c = api_keys.c
        result = await self._statements.execute(
            select(c.id, c.prefix, c.scopes, c.created_at, c.expires_at, c.last_used_at)
            .where(c.user_id == user)
            .order_by(c.created_at.desc(), c.id)
        )
        return [
            ApiKey(row.id, row.prefix, row.scopes, row.created_at, row.expires_at, row.last_used_at)
            for row in result
        ]

    async def delete(self, user: uuid.UUID, key: uuid.UUID) -> bool:
        result = await self._statements.execute(
            delete(api_keys).where(api_keys.c.id == key, api_keys.c.user_id == user)
        )
        return result.rowcount == 1

    async def use(self, digests: Sequence[bytes], *, now: datetime) -> Exchange | None:
        result = await self._statements.execute(
            _USE, {"digests": list(digests), "current": digests[0], "now": now}
        )
        row = result.one_or_none()
        if row is None:
            return None
        return Exchange(row.key, tuple(row.scopes), Holder(row.id, row.username, row.role), row.issued_at)


class Clients:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, client: Client, *, now: datetime) -> None:
        await self._statements.execute(
            insert(clients).values(id=client.id, name=client.name, secret_hash=client.secret, created_at=now)
        )

    async def get(self, client: str) -> Client | None:
        c = clients.c
        result = await self._statements.execute(select(c.id, c.name, c.secret_hash).where(c.id == client))
        row = result.one_or_none()
        return Client(row.id, row.name, row.secret_hash) if row is not None else None

    async def renew(self, client: str, secret: bytes) -> None:
        await self._statements.execute(
            update(clients).where(clients.c.id == client).values(secret_hash=secret)
        )

    async def delete(self, client: str) -> bool:
        result = await self._statements.execute(delete(clients).where(clients.c.id == client))
        return result.rowcount == 1


class Introspection:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def live(
        self, session: uuid.UUID, digests: Sequence[bytes], *, now: datetime
    ) -> LiveRefresh | None:
        s, u = sessions.c, users.c
        result = await self._statements.execute(
            select(s.id, u.id.label("user"), u.username, u.role, s.issued_at, s.idle_expires_at)
            .join(users, u.id == s.user_id)
            .where(
                s.id == session,
                s.token_hash.in_(digests),
                s.ended_at.is_(None),
                s.idle_expires_at > now,
                s.expires_at > now,
                ~u.disabled,
            )
        )
        row = result.one_or_none()
        if row is None:
            return None
        return LiveRefresh(
            row.id, Holder(row.user, row.username, row.role), row.issued_at, row.idle_expires_at
        )

    async def session_owner(self, session: uuid.UUID) -> uuid.UUID | None:
        result = await self._statements.execute(select(sessions.c.user_id).where(sessions.c.id == session))
        return result.scalar_one_or_none()

"""Sessions: begun and ended inside a unit of work. Spending their tokens is `auth.storage.rotations`."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Uuid, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from auth.domain.accounts import Holder, Issue
from auth.domain.stores import Ended, LiveSession, Opening
from auth.storage.lease import Statements
from auth.storage.tables import sessions

# The account is judged again where it is written: between the reading of its
# password and this moment lies a quarter of a second of hashing.
_OPEN: Final = text(
    """
    WITH account AS (
        UPDATE users SET
            last_sign_in_at = :now,
            password = coalesce(CAST(:rehash AS text), password)
        WHERE id = :user AND NOT disabled AND password IS NOT DISTINCT FROM CAST(:seen AS text)
        RETURNING id, username, role,
            greatest(
                CAST(:now AS timestamptz), date_trunc('second', not_before) + interval '1 second'
            ) AS issued_at
    ), opened AS (
        INSERT INTO sessions (
            id, user_id, token_hash, created_at, issued_at, idle_expires_at, expires_at, address, user_agent
        )
        SELECT :session, id, :token, :now, issued_at, :idle_expires_at, :expires_at, :address, :user_agent
        FROM account
    )
    SELECT id, username, role, issued_at FROM account
    """
)

# Locked in one order, so that two who end the same sessions never wait for each other.
_END: Final = text(
    """
    WITH chosen AS (
        SELECT id FROM sessions
        WHERE user_id = :user AND ended_at IS NULL AND id = ANY (:sessions)
        ORDER BY id FOR UPDATE
    )
    UPDATE sessions s SET ended_at = :now, end_reason = :reason
    FROM chosen WHERE s.id = chosen.id AND s.ended_at IS NULL
    RETURNING s.id
    """
).bindparams(bindparam("sessions", type_=ARRAY(Uuid)))

_END_ALL: Final = text(
    """
    WITH chosen AS (
        SELECT id FROM sessions
        WHERE user_id = :user AND ended_at IS NULL AND id IS DISTINCT FROM CAST(:sparing AS uuid)
        ORDER BY id FOR UPDATE
    )
    UPDATE sessions s SET ended_at = :now, end_reason = :reason
    FROM chosen WHERE s.id = chosen.id AND s.ended_at IS NULL
    RETURNING s.id, s.issued_at
    """
)

# A few at a time: each costs a revocation and an event, and a sign-in has not long. Where the limit was
# lowered, the next sign-ins go on with it.
_END_SURPLUS: Final = text(
    """
    WITH surplus AS (
        SELECT id FROM sessions
        WHERE user_id = :user AND ended_at IS NULL AND id <> :sparing
            AND idle_expires_at > :now AND expires_at > :now
        ORDER BY issued_at DESC, id OFFSET :others LIMIT 16
    ), chosen AS (
        SELECT id FROM sessions WHERE id IN (SELECT id FROM surplus) AND ended_at IS NULL
        ORDER BY id FOR UPDATE
    )
    UPDATE sessions s SET ended_at = :now, end_reason = 'too_many'
    FROM chosen WHERE s.id = chosen.id AND s.ended_at IS NULL
    RETURNING s.id
    """
)


class Sessions:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def open(
        self, user: uuid.UUID, opening: Opening, *, seen: str | None, rehash: str | None
    ) -> Issue | None:
        result = await self._statements.execute(
            _OPEN,
            {
                "user": user,
                "seen": seen,
                "rehash": rehash,
                "session": opening.session,
                "token": opening.token,
                "now": opening.now,
                "idle_expires_at": opening.idle_expires_at,
                "expires_at": opening.expires_at,
                "address": opening.client.address,
                "user_agent": opening.client.user_agent,
            },
        )
        row = result.one_or_none()
        if row is None:
            return None
        holder = Holder(row.id, row.username, row.role)
        return Issue(holder, opening.session, row.issued_at, opening.idle_expires_at)

    async def live(self, user: uuid.UUID, now: datetime) -> Sequence[LiveSession]:
        c = sessions.c
        result = await self._statements.execute(
            select(c.id, c.address, c.user_agent, c.created_at, c.issued_at, c.idle_expires_at)
            .where(c.user_id == user, c.ended_at.is_(None), c.idle_expires_at > now, c.expires_at > now)
            .order_by(c.issued_at.desc(), c.id)
        )
        return [
            LiveSession(
                session=row.id,
                address=row.address,
                user_agent=row.user_agent,
                created_at=row.created_at,
                last_seen_at=row.issued_at,
                expires_at=row.idle_expires_at,
            )
            for row in result
        ]

    async def end(
        self, user: uuid.UUID, named: Sequence[uuid.UUID], *, now: datetime, reason: str
    ) -> Sequence[uuid.UUID]:
        result = await self._statements.execute(
            _END, {"user": user, "sessions": list(named), "now": now, "reason": reason}
        )
        return list(result.scalars())

    async def end_all(
        self, user: uuid.UUID, *, now: datetime, reason: str, sparing: uuid.UUID | None = None
    ) -> Ended:
        result = await self._statements.execute(
            _END_ALL, {"user": user, "sparing": sparing, "now": now, "reason": reason}
        )
        rows = result.all()
        return Ended([row.id for row in rows], max((row.issued_at for row in rows), default=None))

    async def end_surplus(
        self, user: uuid.UUID, *, most: int, sparing: uuid.UUID, now: datetime
    ) -> Sequence[uuid.UUID]:
        result = await self._statements.execute(
            _END_SURPLUS, {"user": user, "others": most - 1, "sparing": sparing, "now": now}
        )
        return list(result.scalars())

    async def end_spent(self, session: uuid.UUID, generation: int, *, now: datetime) -> uuid.UUID | None:
        result = await self._statements.execute(
            update(sessions)
            .where(
                sessions.c.id == session, sessions.c.ended_at.is_(None), sessions.c.generation > generation
            )
            .values(ended_at=now, end_reason="replayed")
            .returning(sessions.c.user_id)
        )
        return result.scalar_one_or_none()

    async def owned(self, user: uuid.UUID, session: uuid.UUID) -> bool:
        result = await self._statements.execute(
            select(sessions.c.id).where(sessions.c.id == session, sessions.c.user_id == user)
        )
        return result.one_or_none() is not None

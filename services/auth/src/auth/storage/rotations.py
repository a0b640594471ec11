"""Spending a refresh token: one statement, one round trip, every race decided by one row lock."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

from auth.domain.accounts import Holder, Issue, Role
from auth.domain.stores import Outcome, Spending, Spent
from auth.storage.database import Database

# The row is locked before it is judged: PostgreSQL re-reads a locked row that
# somebody changed meanwhile, so of any number of equal attempts one rotates and
# the others see what it left. A user's row needs no lock: whatever takes rights
# away from a user ends their sessions in the same transaction.
#
# The new access token is dated later than anything that has voided the user's
# tokens (verifiers compare whole seconds), and the session remembers that date.
_SPEND: Final = """
    WITH session AS (
        SELECT s.id, s.user_id, u.username, u.role, s.expires_at,
            greatest(
                $1::timestamptz, date_trunc('second', u.not_before) + interval '1 second'
            ) AS issued_at,
            least($2::timestamptz, s.expires_at) AS idle_expires_at,
            CASE
                WHEN s.ended_at IS NOT NULL OR u.disabled THEN 'ended'
                WHEN $1 >= least(s.idle_expires_at, s.expires_at) THEN 'expired'
                WHEN s.generation = $4::integer AND s.token_hash = ANY ($5::bytea[]) THEN 'rotated'
                WHEN s.generation = $4 + 1
                    AND s.parent_hash = ANY ($5)
                    AND s.token_hash = ANY ($7::bytea[])
                    AND $8::interval > interval '0' AND $1 < s.rotated_at + $8 THEN 'retried'
                WHEN s.generation > $4 THEN 'replayed'
                ELSE 'unknown'
            END AS outcome
        FROM sessions s JOIN users u ON u.id = s.user_id
        WHERE s.id = $3::uuid
        FOR UPDATE OF s
    ), rotated AS (
        UPDATE sessions s SET
            generation = s.generation + 1,
            parent_hash = s.token_hash,
            token_hash = $6::bytea,
            rotated_at = $1,
            issued_at = greatest(s.issued_at, session.issued_at),
            idle_expires_at = session.idle_expires_at
        FROM session
        WHERE s.id = session.id AND session.outcome = 'rotated'
    ), retried AS (
        UPDATE sessions s SET issued_at = greatest(s.issued_at, session.issued_at)
        FROM session
        WHERE s.id = session.id AND session.outcome = 'retried'
    )
    SELECT outcome, user_id, username, role, issued_at, idle_expires_at FROM session
"""


class Rotations:
    def __init__(self, database: Database) -> None:
        self._statement = database.prepared(_SPEND)

    async def spend(self, spending: Spending) -> Spent:
        # A token spent by an answer that was lost is then retried within its grace.
        row = await self._statement.row(
            (
                _moment(spending.now),
                _moment(spending.idle_expires_at),
                str(spending.session).encode(),
                b"%d" % spending.generation,
                _array(spending.digests),
                _bytes(spending.successor),
                _array(spending.successors),
                b"%f seconds" % spending.grace.total_seconds(),
            )
        )
        if row is None:
            return Spent("unknown", None)
        outcome, user, username, role, issued_at, expires_at = ((column or b"").decode() for column in row)
        if outcome not in ("rotated", "retried"):
            return Spent(cast("Outcome", outcome), None)
        holder = Holder(uuid.UUID(user), username, cast("Role", role))
        issued, expires = datetime.fromisoformat(issued_at), datetime.fromisoformat(expires_at)
        return Spent(cast("Outcome", outcome), Issue(holder, spending.session, issued, expires))


def _moment(at: datetime) -> bytes:
    return at.isoformat().encode()


def _bytes(value: bytes) -> bytes:
    return b"\\x" + value.hex().encode()


def _array(values: Sequence[bytes]) -> bytes:
    return b"{%s}" % b",".join(b'"\\\\x%s"' % value.hex().encode() for value in values)

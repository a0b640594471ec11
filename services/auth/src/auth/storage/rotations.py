"""Spending a refresh token: one statement, one round trip, every race decided by one row lock."""

from typing import Final

from sqlalchemy import LargeBinary, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from auth.domain.accounts import Holder, Issue
from auth.domain.stores import Spending, Spent
from auth.storage.database import Database

# The row is locked before it is judged: PostgreSQL re-reads a locked row that
# somebody changed meanwhile, so of any number of equal attempts one rotates and
# the others see what it left. A user's row needs no lock: whatever takes rights
# away from a user ends their sessions in the same transaction.
#
# The new access token is dated later than anything that has voided the user's
# tokens (verifiers compare whole seconds), and the session remembers that date.
_SPEND: Final = text(
    """
    WITH session AS (
        SELECT s.id, s.user_id, u.username, u.role, s.expires_at,
            greatest(
                CAST(:now AS timestamptz), date_trunc('second', u.not_before) + interval '1 second'
            ) AS issued_at,
            least(:idle_expires_at, s.expires_at) AS idle_expires_at,
            CASE
                WHEN s.ended_at IS NOT NULL OR u.disabled THEN 'ended'
                WHEN :now >= least(s.idle_expires_at, s.expires_at) THEN 'expired'
                WHEN s.generation = :generation AND s.token_hash = ANY (:digests) THEN 'rotated'
                WHEN s.generation = :generation + 1
                    AND s.parent_hash = ANY (:digests)
                    AND s.token_hash = ANY (:successors)
                    AND :grace > interval '0' AND :now < s.rotated_at + :grace THEN 'retried'
                WHEN s.generation > :generation THEN 'replayed'
                ELSE 'unknown'
            END AS outcome
        FROM sessions s JOIN users u ON u.id = s.user_id
        WHERE s.id = :session
        FOR UPDATE OF s
    ), rotated AS (
        UPDATE sessions s SET
            generation = s.generation + 1,
            parent_hash = s.token_hash,
            token_hash = :successor,
            rotated_at = :now,
            issued_at = greatest(s.issued_at, session.issued_at),
            idle_expires_at = session.idle_expires_at
        FROM session
        WHERE s.id = session.id AND session.outcome = 'rotated'
    ), retried AS (
        UPDATE sessions s SET issued_at = greatest(s.issued_at, session.issued_at)
        FROM session
        WHERE s.id = session.id AND session.outcome = 'retried'
    )
    SELECT outcome, id, user_id, username, role, issued_at, idle_expires_at FROM session
    """
).bindparams(
    bindparam("digests", type_=ARRAY(LargeBinary)),
    bindparam("successors", type_=ARRAY(LargeBinary)),
)


class Rotations:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def spend(self, spending: Spending) -> Spent:
        result = await self._database.execute(
            _SPEND,
            {
                "session": spending.session,
                "generation": spending.generation,
                "digests": list(spending.digests),
                "successor": spending.successor,
                "successors": list(spending.successors),
                "now": spending.now,
                "idle_expires_at": spending.idle_expires_at,
                "grace": spending.grace,
            },
            # A token spent by an answer that was lost is then retried within its grace.
            repeatable=True,
        )
        row = result.one_or_none()
        if row is None:
            return Spent("unknown", None)
        if row.outcome not in ("rotated", "retried"):
            return Spent(row.outcome, None)
        holder = Holder(row.user_id, row.username, row.role)
        return Spent(row.outcome, Issue(holder, row.id, row.issued_at, row.idle_expires_at))

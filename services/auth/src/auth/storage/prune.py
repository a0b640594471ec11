"""Rows that can no longer matter go, a few at a time, so that nobody waits for it."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from auth.storage.database import Database
from auth.storage.revocations import PRUNED_AT_MOST, Revocations

_AT_A_TIME: Final = 500
# An expired session is kept a little, for those who ask what became of it.
_REMEMBERED: Final = timedelta(days=1)

_SESSIONS: Final = text(
    """
    DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE expires_at < :before LIMIT :at_most FOR UPDATE SKIP LOCKED
    )
    """
)
_RESETS: Final = text("DELETE FROM password_resets WHERE expires_at < :before")


async def prune(database: Database, now: datetime) -> None:
    while await Revocations(database).prune(now) == PRUNED_AT_MOST:
        continue
    before = now - _REMEMBERED
    await database.execute(_RESETS, {"before": before})
    while True:
        gone = await database.execute(_SESSIONS, {"before": before, "at_most": _AT_A_TIME})
        if gone.rowcount < _AT_A_TIME:
            return

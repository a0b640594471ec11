"""Revocations: numbered in the order of their commits, told to every replica by the commit itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select, text

from auth.domain.revocations import Numbered, Revocation
from auth.storage.lease import Statements
from auth.storage.locks import REVOCATIONS
from auth.storage.tables import revocations

CHANNEL: Final = "auth_revocations"
PRUNED_AT_MOST: Final = 1000
_PAGE: Final = 5000

# A number drawn under a lock that is held until the commit: whoever has seen a
# version has seen every lower one. A sequence alone ascends in the order of
# drawing, and a reader would skip what commits late.
_TAKE_TURN: Final = text("SELECT pg_advisory_xact_lock(:key)")
_NEXT: Final = text("nextval('revocations_version')")
_TELL: Final = text("SELECT pg_notify(:channel, '')")


class Revocations:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, *added: Revocation) -> None:
        if not added:
            return
        await self._statements.execute(_TAKE_TURN, {"key": REVOCATIONS})
        for revocation in added:
            await self._statements.execute(
                insert(revocations).values(
                    version=_NEXT,
                    kind=revocation.kind,
                    subject=revocation.subject,
                    not_before=revocation.not_before,
                    expires_at=revocation.expires_at,
                )
            )
        await self._statements.execute(_TELL, {"channel": CHANNEL})

    async def since(self, version: int) -> Sequence[Numbered]:
        """Everything committed from a version on, ascending; a page at a time, each within its deadline."""
        found: list[Numbered] = []
        while True:
            page = await self._statements.execute(
                select(revocations)
                .where(revocations.c.version >= (found[-1].version + 1 if found else version))
                .order_by(revocations.c.version)
                .limit(_PAGE)
            )
            rows = page.all()
            found += [
                Numbered(
                    row.version,
                    Revocation(row.kind, row.subject, row.expires_at, row.not_before),
                    row.created_at,
                )
                for row in rows
            ]
            if len(rows) < _PAGE:
                return found

    async def prune(self, now: datetime) -> int:
        """Forgets what concerns only tokens that have expired; says how many, `PRUNED_AT_MOST` at a time."""
        c = revocations.c
        expired = select(c.version).where(c.expires_at < now).limit(PRUNED_AT_MOST)
        result = await self._statements.execute(delete(revocations).where(c.version.in_(expired)))
        return result.rowcount

"""The trail in PostgreSQL and on stdout: one writer at a time, in the order of commits, without gaps."""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Row, insert, select, text

from auth.domain.audit.chain import GENESIS, Link
from auth.domain.audit.events import Event
from auth.storage.lease import Statements
from auth.storage.locks import AUDIT
from auth.storage.tables import audit_events
from chassis import origin
from chassis.observability import context

log = logging.getLogger("audit")

_TAKE_TURN: Final = text("SELECT pg_advisory_xact_lock(:key)")
_BATCH: Final = 1000


class Audit:
    """Appends within a unit of work; `tell` is for after its commit."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._appended: list[Link] = []

    async def append(self, event: Event) -> None:
        # A statement of its own: the next one must see what the last holder committed.
        await self._statements.execute(_TAKE_TURN, {"key": AUDIT})
        c = audit_events.c
        result = await self._statements.execute(
            select(c.sequence, c.hash).order_by(c.sequence.desc()).limit(1)
        )
        last = result.one_or_none()
        sequence, previous = (last.sequence, last.hash) if last else (0, GENESIS)
        if not event.address:
            event = replace(event, address=origin.address())
        trace = context.current()
        link = Link.after(sequence, previous, event, trace_id=trace.trace_id if trace else "")
        await self._statements.execute(insert(audit_events).values(_row(link)))
        self._appended.append(link)

    def tell(self) -> None:
        """To stdout, whatever the log level: there an event is out of reach of who writes to the table."""
        for link in self._appended:
            fields = _row(link) | {"at": link.at.isoformat(), "hash": link.hash.hex()}
            log.log(_ALWAYS, "audit.event", extra={"audit": fields})
        self._appended.clear()

    async def latest(self, *, before: int | None, limit: int) -> Sequence[Link]:
        """At most `limit` events older than number `before`, the latest first."""
        query = select(audit_events).order_by(audit_events.c.sequence.desc()).limit(limit)
        if before is not None:
            query = query.where(audit_events.c.sequence < before)
        return [_link(row) for row in await self._statements.execute(query)]

    async def every(self) -> AsyncIterator[Link]:
        """The whole trail, in order, a batch at a time."""
        after = 0
        c = audit_events.c
        while True:
            result = await self._statements.execute(
                select(audit_events).where(c.sequence > after).order_by(c.sequence).limit(_BATCH)
            )
            rows = result.all()
            for row in rows:
                yield _link(row)
            if len(rows) < _BATCH:
                return
            after = rows[-1].sequence


# Above every level an operator can set.
_ALWAYS: Final = logging.CRITICAL + 1
logging.addLevelName(_ALWAYS, "AUDIT")


def _row(link: Link) -> dict[str, Any]:
    return {name: getattr(link, name) for name in Link.__slots__}


def _link(row: Row[Any]) -> Link:
    return Link(**{name: getattr(row, name) for name in Link.__slots__})

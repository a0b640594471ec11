"""One statement that is asked all the time: prepared, on connections of its own, answered in time or not."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import psycopg
from opentelemetry.trace import Span
from sqlalchemy.engine import URL

from auth.storage.lease import not_migrated, unavailable
from auth.storage.spans import asking, summarized
from auth.storage.wire import Row, Wire
from chassis import deadline
from chassis.errors import Unavailable

# What a server says while another one takes over: read_only_sql_transaction, admin_shutdown,
# crash_shutdown, cannot_connect_now. Its connections are of no more use.
FAILED_OVER: Final = frozenset({"25006", "57P01", "57P02", "57P03"})


class Prepared:
    """A statement whose repetition does no harm: a connection found broken costs the caller nothing.

    Args:
        statement: with $1, $2, ... for its values; its own transaction, one round trip.
        url: of the database, for spans.
        parameters: what psycopg connects with.
        size: connections at most; whoever waits longer than `seconds` for one gets Unavailable.
        seconds: what asking may take altogether.
    """

    def __init__(
        self, statement: str, *, url: URL, parameters: Mapping[str, Any], size: int, seconds: float
    ) -> None:
        self._statement = statement
        self._summary = summarized(statement)
        self._url = url
        self._parameters = parameters
        self._size = size
        self._seconds = seconds
        self._free = asyncio.Semaphore(size)
        self._idle: list[Wire] = []

    async def row(self, values: Sequence[bytes]) -> Row | None:
        """The first row of the answer, if there is one, as PostgreSQL writes its columns.

        Raises:
            Unavailable: the database is down, hangs or is too busy.
        """
        ends = time.monotonic() + deadline.at_most(self._seconds)
        with self._span():
            try:
                return await self._once(values, ends)
            except Unavailable:
                if time.monotonic() >= ends:
                    raise
            return await self._once(values, ends)

    async def close(self) -> None:
        """Waits for what is still running, which has not long."""
        for _ in range(self._size):
            await self._free.acquire()
        self._drop()
        for _ in range(self._size):
            self._free.release()

    def _span(self) -> AbstractContextManager[Span | None]:
        return asking(self._summary, self._url)

    async def _once(self, values: Sequence[bytes], ends: float) -> Row | None:
        try:
            wire = await self._wire(ends)
            return await wire.ask(values, max(0.0, ends - time.monotonic()))
        except psycopg.errors.UndefinedTable as error:
            raise not_migrated() from error
        except psycopg.ProgrammingError:
            raise
        except (psycopg.Error, TimeoutError, OSError) as error:
            if getattr(error, "sqlstate", None) in FAILED_OVER:
                self._drop()
            raise unavailable() from error

    async def _wire(self, ends: float) -> Wire:
        """One that is free from now on for this caller alone; it says itself when it is free again."""
        if self._free.locked():
            async with asyncio.timeout(ends - time.monotonic()):
                await self._free.acquire()
        else:
            await self._free.acquire()
        if self._idle:
            return self._idle.pop()
        try:
            async with asyncio.timeout(ends - time.monotonic()):
                return await Wire.open(self._statement, self._parameters, idle=self._back, lost=self._gone)
        except BaseException:
            self._free.release()
            raise

    def _back(self, wire: Wire) -> None:
        self._idle.append(wire)
        self._free.release()

    def _gone(self, wire: Wire) -> None:
        if wire in self._idle:
            self._idle.remove(wire)
        else:
            self._free.release()
        # Where one is gone, the others of that server have seldom stayed.
        self._drop()

    def _drop(self) -> None:
        while self._idle:
            self._idle.pop().close()

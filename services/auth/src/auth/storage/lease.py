"""One connection for one piece of work, given back whatever happens, and never waited for past its time.

Cancelling a psycopg query opens a second connection to ask the server to stop,
and then waits for it: a server that hangs would hold every caller for seconds,
and a storm of impatient callers would become a storm of connections. So a
statement that was sent is never cancelled. It runs in a task of its own; a
caller who leaves does not stop it; and past its time its socket is shut, which
ends it at once, however the server is.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from auth.storage.spans import COMMIT, asking
from chassis.errors import Unavailable

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]

RETRY_AFTER_SECONDS: Final = 1.0
# Long enough for a rollback to come through, short beside what the caller was promised.
_LAST_WORD_SECONDS: Final = 0.1
# undefined_table, undefined_column: a schema older than this release.
_UNDEFINED: Final = frozenset({"42P01", "42703"})


class Statements(Protocol):
    """What a repository needs: something that executes, inside whatever transaction there is."""

    async def execute(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> CursorResult[Any]: ...


def unavailable() -> Unavailable:
    return Unavailable(
        "The database cannot be reached; try again.",
        reason="DATABASE_UNAVAILABLE",
        retry_after=RETRY_AFTER_SECONDS,
    )


def not_migrated() -> Unavailable:
    return Unavailable(
        "The database has not been migrated yet; run `python -m auth migrate`.",
        reason="DATABASE_NOT_MIGRATED",
        retry_after=RETRY_AFTER_SECONDS,
    )


class Lease:
    """A connection on loan, from the first statement to `release`.

    Args:
        engine: where it comes from.
        ends: until when all its statements together may take, by the monotonic clock.
        running: where tasks are kept that may outlive their callers.

    Raises:
        Unavailable: from every method, where the database is down, hangs or is too busy.
    """

    def __init__(self, engine: AsyncEngine, ends: float, running: set[asyncio.Task[Any]]) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._task: asyncio.Task[Any] | None = None
        self._ends = ends
        self._running = running

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        with asking(statement, self._engine.url):
            return await self._bounded(self._execute(statement, parameters))

    async def only(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """One statement and the end of the lease, in one go."""
        with asking(statement, self._engine.url):
            return await self._bounded(self._only(statement, parameters))

    async def commit(self) -> None:
        if self._connection is not None:
            with asking(COMMIT, self._engine.url):
                await self._bounded(self._connection.commit())

    async def release(self) -> None:
        """Rolls back what was not committed; waits for a statement that is still running."""
        await self._bounded(self._release(self._task), at_least=_LAST_WORD_SECONDS)

    async def _execute(self, statement: Executable, parameters: Parameters | None) -> CursorResult[Any]:
        if self._connection is None:
            self._connection = await self._engine.connect()
        return await self._connection.execute(statement, parameters)

    async def _only(self, statement: Executable, parameters: Parameters | None) -> CursorResult[Any]:
        try:
            return await self._execute(statement, parameters)
        finally:
            await self._release(None)

    async def _release(self, running: asyncio.Task[Any] | None) -> None:
        if running is not None and not running.done():
            await asyncio.wait({running})
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()

    async def _bounded(self, work: Coroutine[Any, Any, T], *, at_least: float = 0.0) -> T:
        loop = asyncio.get_running_loop()
        self._task = task = loop.create_task(work)
        left = max(self._ends - time.monotonic(), at_least)
        timer = loop.call_later(left, self._abandon, task)
        self._running.add(task)
        task.add_done_callback(_ended(timer, self._running))
        try:
            return await asyncio.shield(task)
        except IntegrityError:
            raise
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", None) in _UNDEFINED:
                raise not_migrated() from error
            raise
        except (DBAPIError, NoConnectionFree, OSError) as error:
            raise unavailable() from error
        except asyncio.CancelledError as error:
            if task.cancelled():
                # The timer did it, not our caller.
                raise unavailable() from error
            raise

    def _abandon(self, task: asyncio.Task[Any]) -> None:
        descriptor = self._descriptor()
        if descriptor is None:
            task.cancel()
            return
        with suppress(OSError), socket.socket(fileno=descriptor) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)

    def _descriptor(self) -> int | None:
        """A duplicate of the socket's descriptor: shutting either shuts the connection."""
        if self._connection is None or self._connection.sync_connection is None:
            return None
        try:
            driver = self._connection.sync_connection.connection.driver_connection
            return os.dup(driver.pgconn.socket) if driver is not None else None
        except (SQLAlchemyError, OSError):
            return None


def _ended(
    timer: asyncio.TimerHandle, running: set[asyncio.Task[Any]]
) -> Callable[[asyncio.Task[Any]], None]:
    def ended(task: asyncio.Task[Any]) -> None:
        timer.cancel()
        running.discard(task)
        if not task.cancelled():
            # Heard: nobody may be left to hear it.
            task.exception()

    return ended

"""The database, asked one statement at a time or in units of work, each answered or given up on in time."""

import asyncio
import select
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import CursorResult, Executable, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from auth.storage.lease import Lease, Parameters
from auth.storage.prepared import FAILED_OVER, Prepared
from auth.storage.unit_of_work import UnitOfWork
from chassis import deadline
from chassis.errors import Unavailable

_DRIVER: Final = "postgresql+psycopg"
_NAMES: Final = frozenset({"postgresql", "postgres", _DRIVER})


def parse_url(address: str) -> URL:
    """What DATABASE_URL names.

    Raises:
        ValueError: it is no address of a PostgreSQL database.
    """
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise ValueError("it is not an address like postgresql://user:password@host:5432/name") from error
    if url.drivername not in _NAMES:
        raise ValueError("it must be a PostgreSQL address (postgresql://)")
    return url.set(drivername=_DRIVER)


class Database:
    """A bounded pool of connections.

    Args:
        url: as `parse_url` gives it.
        pool_size: connections at most, half of them for what is `prepared`; whoever waits longer than
            `seconds` for one gets Unavailable.
        seconds: what one statement alone, or one unit of work, may take altogether.
    """

    def __init__(self, url: URL, *, pool_size: int, seconds: float) -> None:
        self._seconds = seconds
        self._running: set[asyncio.Task[Any]] = set()
        self._set_apart = max(1, pool_size // 2)
        self._prepared: Prepared | None = None
        milliseconds = max(1, int(seconds * 1000))
        given = {
            "application_name": "auth",
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
            f" -c idle_in_transaction_session_timeout={5 * milliseconds} -c timezone=UTC",
            # After a failover, the old primary comes back as a standby.
            "target_session_attrs": "read-write",
            "keepalives_idle": "10",
            "keepalives_interval": "2",
            "keepalives_count": "3",
            "tcp_user_timeout": "5000",
        }
        self._engine = create_async_engine(
            url,
            pool_size=max(1, pool_size - self._set_apart),
            max_overflow=0,
            pool_timeout=seconds,
            pool_use_lifo=True,
            use_native_hstore=False,
            # An error is logged with its statement; the values are hashes and names.
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",
            connect_args=given,
        )
        self._parameters = {**self._engine.dialect.create_connect_args(url)[1], **given}
        # The other way round than usual: what is asked most often is one statement alone.
        self._transactions: AsyncEngine = self._engine.execution_options(isolation_level="READ COMMITTED")
        event.listen(self._engine.sync_engine, "checkout", _refuse_closed)
        event.listen(self._engine.sync_engine, "handle_error", _forget_failed_over)

    async def close(self) -> None:
        """Waits for what is still running, which has not long, so that every connection is closed."""
        while self._running:
            await asyncio.wait(set(self._running))
        if self._prepared is not None:
            await self._prepared.close()
        await self._engine.dispose()

    async def execute(
        self, statement: Executable, parameters: Parameters | None = None, *, repeatable: bool = False
    ) -> CursorResult[Any]:
        """One statement, its own transaction, one round trip.

        Args:
            statement: what to run.
            parameters: its values.
            repeatable: running it twice does what running it once does, so a
                connection found broken costs the caller nothing.

        Raises:
            Unavailable: the database is down, hangs or is too busy.
        """
        ends = time.monotonic() + deadline.at_most(self._seconds)
        try:
            return await self._once(statement, parameters, ends)
        except Unavailable:
            if not repeatable or time.monotonic() >= ends:
                raise
        return await self._once(statement, parameters, ends)

    async def _once(
        self, statement: Executable, parameters: Parameters | None, ends: float
    ) -> CursorResult[Any]:
        return await Lease(self._engine, ends, self._running).only(statement, parameters)

    def prepared(self, statement: str) -> Prepared:
        """The one statement that is asked more often than all others together."""
        self._prepared = Prepared(
            statement,
            url=self._engine.url,
            parameters=self._parameters,
            size=self._set_apart,
            seconds=self._seconds,
        )
        return self._prepared

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """A transaction; leaving without `commit` rolls back.

        Raises:
            Unavailable: from any statement, where the database is down, hangs or is too busy.
        """
        ends = time.monotonic() + deadline.at_most(self._seconds)
        lease = Lease(self._transactions, ends, self._running)
        try:
            yield UnitOfWork(lease)
        finally:
            await lease.release()


def _refuse_closed(connection: Any, *_: object) -> None:
    """A server that went away has closed its end; seeing that costs no round trip."""
    watch = select.poll()
    watch.register(connection.driver_connection.pgconn.socket, select.POLLIN)
    if watch.poll(0):
        raise DisconnectionError


def _forget_failed_over(context: ExceptionContext) -> None:
    if getattr(context.original_exception, "sqlstate", None) in FAILED_OVER:
        context.is_disconnect = True

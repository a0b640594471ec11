"""A connection on which one prepared statement is asked again and again, without anything in between.

What SQLAlchemy and psycopg's cursors do for every statement (a greenlet, a cursor, adapting each value)
costs several times the statement itself. Here values and columns are PostgreSQL's own text, and the event
loop calls when an answer is there.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Self

import psycopg
from psycopg.pq import ExecStatus

Row = tuple[bytes | None, ...]

_NAME: Final = b"asked"


class Wire:
    """One connection, asked one thing at a time.

    Args:
        connection: on which the statement is prepared.
        idle: called with the wire when it may be asked again.
        lost: called with the wire when it is of no more use.
    """

    def __init__(
        self,
        connection: psycopg.AsyncConnection[Any],
        *,
        idle: Callable[["Wire"], None],
        lost: Callable[["Wire"], None],
    ) -> None:
        # Held so that it is not closed behind our back; all that is used is libpq's own.
        self._connection = connection
        self._pq = connection.pgconn
        self._idle, self._lost = idle, lost
        self._loop = asyncio.get_running_loop()
        self._socket = self._pq.socket
        self._closed = False
        self._answer: asyncio.Future[Row | None] | None = None
        self._result: Any = None
        self._timer: asyncio.TimerHandle | None = None
        # Also hears a server that goes away while nobody asks.
        self._loop.add_reader(self._socket, self._readable)

    @classmethod
    async def open(
        cls,
        statement: str,
        parameters: Mapping[str, Any],
        *,
        idle: Callable[["Wire"], None],
        lost: Callable[["Wire"], None],
    ) -> Self:
        """Connects and prepares.

        Raises:
            psycopg.Error: either failed.
        """
        connection = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
        try:
            await connection.execute(f"PREPARE {_NAME.decode()} AS {statement}".encode())
        except BaseException:
            await connection.close()
            raise
        return cls(connection, idle=idle, lost=lost)

    def ask(self, values: Sequence[bytes], seconds: float) -> asyncio.Future[Row | None]:
        """The first row, if there is one. Whoever no longer waits for it stops nothing.

        Raises:
            psycopg.Error: what the server said, or that it is gone or silent for so long.
        """
        answer = self._answer = self._loop.create_future()
        self._timer = self._loop.call_later(seconds, self._silent)
        try:
            self._pq.send_query_prepared(_NAME, values)
            # Nothing else is under way, so all of it fits into the socket's buffer.
            if self._pq.flush():
                self._fail(psycopg.OperationalError("the server does not read"))
        except psycopg.Error as error:
            self._fail(error)
        return answer

    def close(self) -> None:
        """At once, whatever is under way."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._socket)
            self._pq.finish()

    def _silent(self) -> None:
        self._fail(psycopg.OperationalError("the server does not answer"))

    def _readable(self) -> None:
        try:
            self._pq.consume_input()
            while self._answer is not None and not self._pq.is_busy():
                result = self._pq.get_result()
                if result is None:
                    self._answered()
                else:
                    self._result = result
        except psycopg.Error as error:
            self._fail(error)

    def _answered(self) -> None:
        answer, result = self._answer, self._result
        self._answer = self._result = None
        if self._timer is not None:
            self._timer.cancel()
        self._idle(self)
        if answer is None or answer.done():
            return
        if result.status == ExecStatus.TUPLES_OK:
            answer.set_result(
                tuple(result.get_value(0, column) for column in range(result.nfields))
                if result.ntuples
                else None
            )
        else:
            answer.set_exception(psycopg.errors.error_from_result(result))

    def _fail(self, error: psycopg.Error) -> None:
        answer, self._answer = self._answer, None
        self.close()
        self._lost(self)
        if answer is not None and not answer.done():
            answer.set_exception(error)
            # Heard: its caller may have left meanwhile.
            with suppress(psycopg.Error):
                answer.exception()

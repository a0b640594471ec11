"""Connections to one endpoint of an upstream, kept for the next request for as long as that is safe."""

import asyncio
import contextlib
import ssl
from collections import deque
from dataclasses import dataclass
from functools import cached_property

from gateway.proxy.connection import Connection
from gateway.proxy.faults import ConnectFailed, TimedOut
from gateway.proxy.heads import Heads


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int
    # What goes into Host, as the routes file names the upstream.
    authority: bytes
    # The name the certificate must carry; None for plaintext.
    tls_name: str | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Pool:
    """Newest first, so that a lull lets the rest grow old and close."""

    def __init__(
        self,
        address: Address,
        *,
        tls: ssl.SSLContext | None,
        connect_timeout: float,
        idle_seconds: float,
        max_idle: int,
    ) -> None:
        self.address = address
        self.tls = tls if address.tls_name is not None else None
        self._connect_timeout = connect_timeout
        self._idle_seconds = idle_seconds
        self._max_idle = max_idle
        self._idle: deque[Connection] = deque()
        self._heads = Heads()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    @cached_property
    def _loop(self) -> asyncio.AbstractEventLoop:
        # Asking which it is costs a system call each time.
        return asyncio.get_running_loop()

    @property
    def idle(self) -> int:
        return len(self._idle)

    def take(self) -> Connection | None:
        """A kept connection that should still be good, if there is one."""
        oldest = self._loop.time() - self._idle_seconds
        while self._idle:
            connection = self._idle.pop()
            if connection.closed:
                continue
            if connection.idle_since < oldest:
                connection.abort()
                continue
            return connection
        return None

    async def connect(self, deadline: float) -> Connection:
        """A new connection, or ConnectFailed; TimedOut if the request's own time ran out over it."""
        loop = self._loop
        limit = min(deadline, loop.time() + self._connect_timeout)
        try:
            async with asyncio.timeout_at(limit):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, self._heads),
                    self.address.host,
                    self.address.port,
                    ssl=self.tls,
                    server_hostname=self.address.tls_name if self.tls is not None else None,
                )
        except TimeoutError as error:
            if loop.time() >= deadline:
                raise TimedOut("no time left to connect") from error
            raise ConnectFailed("connecting took too long") from error
        except (OSError, ssl.SSLError) as error:
            raise ConnectFailed("no connection") from error
        return connection

    def give(self, connection: Connection) -> None:
        """Take back a connection whose exchange is over, however it ended."""
        if not connection.finish():
            return
        if self._closed or len(self._idle) >= self._max_idle:
            connection.abort()
            return
        loop = self._loop
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._sweeper is None:
            self._sweeper = loop.call_later(self._idle_seconds, self._sweep)

    def close(self) -> None:
        """Close what is idle; what is busy closes when it is given back."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().abort()

    def _sweep(self) -> None:
        self._sweeper = None
        loop = self._loop
        oldest = loop.time() - self._idle_seconds
        while self._idle and (self._idle[0].closed or self._idle[0].idle_since <= oldest):
            self._idle.popleft().abort()
        if self._idle:
            self._sweeper = loop.call_at(self._idle[0].idle_since + self._idle_seconds, self._sweep)

"""A TCP port that leads to another one, and may be slow, hang, refuse or cut what passes.

It stands where a network, a Service or a load balancer would: the same address whatever is behind it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

from suite.processes import free_port

HOST = "127.0.0.1"


class Passage:
    """Closed until `open`; the port stays the same over every `refuse` and `open`.

    Args:
        onward: the ports to try for a new connection, best first.
    """

    def __init__(self, onward: Callable[[], Sequence[int]]) -> None:
        self.onward = onward
        self.port = free_port()
        # Seconds that every piece waits, each way.
        self.delay = 0.0
        self._hangs = False
        self._server: asyncio.Server | None = None
        self._ends: set[_End] = set()

    async def open(self) -> None:
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _End(self), HOST, self.port)

    async def refuse(self, *, politely: bool = False) -> None:
        """As a port that nobody listens on; what is connected is cut, or ends when what was said is out."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if politely:
            for end in tuple(self._ends):
                end.close()
        else:
            self.cut()

    def hang(self) -> None:
        """Connections are taken and nothing comes of them; those there are fall silent."""
        self._hangs = True
        for end in self._ends:
            end.hold()

    def heal(self) -> None:
        """Everything passes at once again; what hung is cut, for it lost its place."""
        self.delay = 0.0
        if self._hangs:
            self._hangs = False
            self.cut()

    def cut(self, port: int | None = None) -> None:
        """Ends what is connected at once: all of it, or what leads to one port."""
        for end in tuple(self._ends):
            if port is None or end.port == port:
                end.abort()

    async def connect(self, near: "_End") -> None:
        loop = asyncio.get_running_loop()
        for port in self.onward():
            try:
                _, far = await loop.create_connection(lambda: _End(self, near), HOST, port)
            except OSError:
                continue
            near.meet(far, port)
            return
        near.abort()

    def took(self, end: "_End") -> bool:
        """Whether this end may go on."""
        self._ends.add(end)
        return not self._hangs

    def lost(self, end: "_End") -> None:
        self._ends.discard(end)


class _End(asyncio.Protocol):
    """One side of a connection; `other` is the side that bytes go to."""

    def __init__(self, passage: Passage, other: "_End | None" = None) -> None:
        self._passage = passage
        self._other = other
        # What came before the other side was reached.
        self._early: list[bytes] = []
        # What is on its way.
        self._late: deque[bytes] = deque()
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        # Where it leads, once that is known.
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._passage.took(self) and self._other is None:
            self._connecting = asyncio.ensure_future(self._passage.connect(self))

    def meet(self, other: "_End", port: int) -> None:
        self.port = port
        if self._transport is None or self._transport.is_closing():
            other.abort()
            return
        self._other = other
        for data in self._early:
            other.write(data)
        self._early.clear()

    def data_received(self, data: bytes) -> None:
        if self._passage.delay or self._late:
            # In the order they came, also where the delay has just ended.
            self._late.append(data)
            asyncio.get_running_loop().call_later(self._passage.delay, self._pass_late)
        else:
            self._pass(data)

    def _pass_late(self) -> None:
        self._pass(self._late.popleft())

    def _pass(self, data: bytes) -> None:
        if self._other is None:
            self._early.append(data)
        else:
            self._other.write(data)

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._passage.lost(self)
        if self._other is None:
            return
        if exc is not None:
            self._other.abort()
        elif self._passage.delay:
            asyncio.get_running_loop().call_later(self._passage.delay, self._other.close)
        else:
            self._other.close()

    def hold(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

"""One HTTP/1.1 connection to an upstream: a request out, its answer in, at the pace of who reads it.

Bytes that nobody asked for end the connection, so that no answer can be taken for another's.
"""

import asyncio

from gateway.proxy.answer import Answer
from gateway.proxy.faults import ClientGone, TimedOut, UpstreamFault
from gateway.proxy.heads import Heads

# Read ahead of a slow reader at most this much, then leave it in the socket.
_HIGH_WATER = 256 * 1024


class Connection(asyncio.Protocol):
    """Use: `begin`, `write` what remains of the body, `head`, then `chunk` until it is empty."""

    # Set by `connection_made`, before anybody has the connection in hand.
    _transport: asyncio.Transport
    # Of the exchange under way or just over.
    answer: Answer

    def __init__(self, loop: asyncio.AbstractEventLoop, heads: Heads) -> None:
        """`heads` are those of the answers of one endpoint."""
        self._loop = loop
        self._heads = heads
        self._busy = False
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._paused = False
        self.closed = False
        # Exchanges finished on this connection; after the first it may be closing under us.
        self.served = 0
        # loop.time() since when nothing is asked of it.
        self.idle_since = 0.0

    # The exchange.

    def begin(self, data: bytes, *, expects_content: bool, deadline: float) -> None:
        """Send a request's head and what of its body is at hand; `deadline` in loop.time() ends the wait."""
        self.answer = Answer(self._heads, expects_content=expects_content)
        self._busy = True
        self.wait_until(deadline)
        self._transport.write(data)

    def wait_until(self, deadline: float) -> None:
        """Move the time at which waiting for this upstream ends."""
        self._deadline = deadline
        # A timer that fires early looks at the deadline and goes on; only a late one is replaced.
        if self._timer is None or self._timer.when() > deadline:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(deadline, self._tick)

    async def write(self, data: bytes) -> None:
        """Send more of the body at the pace of the upstream."""
        while self._drained is not None:
            await asyncio.shield(self._drained)
        fault = self.answer.fault
        if fault is not None:
            raise fault
        if not self.closed:
            self._transport.write(data)

    async def head(self) -> None:
        """Wait for `status` and `headers`; a short answer is complete by then."""
        answer = self.answer
        while not answer.ready:
            if answer.fault is not None:
                raise answer.fault
            await self._wait()

    async def chunk(self) -> bytes:
        """The next of the content, empty at its end; a fault and never a short end."""
        answer = self.answer
        while not answer.chunks:
            if answer.complete:
                return b""
            if answer.fault is not None:
                raise answer.fault
            await self._wait()
        data = answer.pop()
        if self._paused and answer.buffered < _HIGH_WATER // 2:
            self._paused = False
            if not self.closed:
                self._transport.resume_reading()
        return data

    def finish(self) -> bool:
        """End the exchange; True if the connection can carry another one."""
        fit = (
            self._busy
            and self.answer.reusable
            and self.answer.fault is None
            and not self.closed
            and not self._paused
            and self._drained is None
        )
        self._busy = False
        self.served += 1
        # The timer stays for the next exchange: it fires early for that and goes on.
        if not fit:
            self.abort()
        return fit

    def abort(self, fault: UpstreamFault | ClientGone | None = None) -> None:
        """Close at once; whoever waits gets `fault`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.closed = True
        if fault is not None:
            self._fail(fault)
        self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's

    def data_received(self, data: bytes) -> None:
        if not self._busy:
            self.abort()
            return
        answer = self.answer
        answer.feed(data)
        if answer.fault is not None:
            self.abort(answer.fault)
            return
        if answer.buffered > _HIGH_WATER and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        if answer.ready:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._busy:
            self.answer.end(orderly=exc is None)
            self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    # Within.

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, fault: UpstreamFault | ClientGone) -> None:
        if self._busy and self.answer.fault is None and not self.answer.complete:
            self.answer.fault = fault
        self._wake()
        self.resume_writing()

    def _tick(self) -> None:
        self._timer = None
        if not self._busy:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._tick)
        elif self._waiter is not None:
            # With nobody waiting it is not the upstream that is slow.
            self.abort(TimedOut("too slow"))

"""A request as it goes to an upstream: its head ready to be written, its body at hand or still coming."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.asgi import Receive
from gateway.proxy.answer import WHOLE
from gateway.proxy.faults import ClientGone

if TYPE_CHECKING:
    from gateway.proxy.connection import Connection

# Sending it twice does no more than sending it once (RFC 9110 section 9.2.2).
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


@dataclass(slots=True, eq=False)
class Outgoing:
    method: str
    # Up to and after the value of Host, which is the endpoint's.
    before_host: bytes
    after_host: bytes
    # The client's own Host is in the head already.
    fixed_host: bool = False
    # What is at hand; more comes from `more`.
    body: bytes = b""
    more: Receive | None = None
    # The rest is framed by chunks; else by a Content-Length already in the head.
    chunked: bool = False
    # Set when the rest has begun to go out: it cannot be sent again.
    spent: bool = False
    # Where it is at the moment, so that a client's leaving can end it.
    connection: "Connection | None" = None
    gone: bool = False
    _pump: "asyncio.Task[None] | None" = field(default=None)

    @property
    def repeatable(self) -> bool:
        return self.method in IDEMPOTENT and not self.spent

    def asked_by(self, trace_id: str, span_id: str) -> None:
        """Names a span of ours as the parent of whatever the upstream records."""
        line = b"\r\ntraceparent: 00-" + trace_id.encode() + b"-"
        at = self.after_host.find(line)
        if at >= 0:
            at += len(line)
            self.after_host = self.after_host[:at] + span_id.encode() + self.after_host[at + len(span_id) :]

    def wire(self, host: bytes) -> bytes:
        start = self.before_host + (b"" if self.fixed_host else host) + self.after_host
        if self.chunked and self.body:
            return start + b"%x\r\n" % len(self.body) + self.body + b"\r\n"
        return start + self.body

    async def send(self, connection: "Connection", host: bytes, *, deadline: float, patience: float) -> None:
        """Send it and wait for the head of the answer, which may come before the body is all out.

        `patience` is how long the upstream has for its answer after each part of a streamed body.
        """
        if self.gone:
            raise ClientGone
        self.connection = connection
        connection.begin(self.wire(host), expects_content=self.method != "HEAD", deadline=deadline)
        if self.more is None:
            await connection.head()
            return
        self.spent = True
        pump = asyncio.create_task(self._stream(self.more, connection, patience))
        self._pump = pump
        # A body that cannot be read on ends the exchange, whatever it was that stopped it.
        pump.add_done_callback(lambda task: _ended(task, connection))
        try:
            await connection.head()
        except ClientGone:
            if pump.done():
                # What a guard said of the body is its to answer.
                pump.result()
            raise
        finally:
            if not connection.answer.head_done:
                await self.stop()

    async def stop(self) -> None:
        """End the sending of the body, if it still goes on."""
        pump, self._pump = self._pump, None
        if pump is not None and not pump.done():
            pump.cancel()
            await asyncio.wait({pump})

    @property
    def sending(self) -> bool:
        return self._pump is not None and not self._pump.done()

    async def _stream(self, more: Receive, connection: "Connection", patience: float) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message = await more()
            if message["type"] == "http.disconnect":
                raise ClientGone
            data = message.get("body", b"")
            if data:
                await connection.write(b"%x\r\n" % len(data) + data + b"\r\n" if self.chunked else data)
            connection.wait_until(loop.time() + patience)
            if not message.get("more_body", False):
                break
        if self.chunked:
            await connection.write(b"0\r\n\r\n")


def _ended(pump: "asyncio.Task[None]", connection: "Connection") -> None:
    if pump.cancelled():
        return
    if pump.exception() is not None and not connection.closed:
        connection.abort(ClientGone())


async def at_hand(receive: Receive) -> tuple[bytes, bool]:
    """What of a body has come, waiting for all of a short one; and whether more is to come."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        more = message.get("more_body", False)
        if not parts and not more:
            return part, False
        parts.append(part)
        size += len(part)
        if not more or size >= WHOLE:
            return b"".join(parts), more

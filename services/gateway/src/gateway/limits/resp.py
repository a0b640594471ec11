"""One connection to Redis that many requests share: pipelined, in order, and safe to abandon."""

import asyncio
import contextlib
from collections import deque
from typing import cast

Reply = int | bytes | None | list["Reply"] | Exception

_MAX_REPLY = 1_048_576
_GRACE = 0.001


class Incomplete(Exception):
    """The rest of the reply is still on its way."""


class ReplyError(Exception):
    """What the server said no to; starts with its code, such as NOAUTH or READONLY."""

    @property
    def code(self) -> str:
        return str(self).partition(" ")[0]


def encode(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def parse(data: bytes, at: int = 0) -> tuple[Reply, int]:
    """One RESP2 reply from `at`, and where the next begins.

    Raises:
        Incomplete: there is no whole reply yet.
        ValueError: this is not RESP.
    """
    end = data.find(b"\r\n", at)
    if end < 0:
        raise Incomplete
    kind, line, after = data[at : at + 1], data[at + 1 : end], end + 2
    if kind == b":":
        return int(line), after
    if kind == b"+":
        return line, after
    if kind == b"-":
        return ReplyError(line.decode("utf-8", "replace")), after
    if kind == b"$":
        size = int(line)
        if size < 0:
            return None, after
        if len(data) < after + size + 2:
            raise Incomplete
        return data[after : after + size], after + size + 2
    if kind == b"*":
        items: list[Reply] = []
        for _ in range(int(line)):
            item, after = parse(data, after)
            items.append(item)
        return items, after
    raise ValueError("not RESP")


class Connection(asyncio.Protocol):
    """A caller that gives up leaves its place in the line, so that answers never shift by one.

    Whoever has waited for `timeout` seconds gets TimeoutError. One timer watches the oldest, which is
    enough, since answers come in order.
    """

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout
        self._watching = False
        self._waiting: deque[tuple[asyncio.Future[Reply], float]] = deque()
        self._buffer = b""
        self._unsent: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self.lost = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        while self._waiting:
            self._settle(self._waiting.popleft()[0], ConnectionResetError("connection lost"))
        if not self.lost.done():
            self.lost.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer = data if not self._buffer else self._buffer + data
        at = 0
        try:
            while at < len(self._buffer):
                reply, at = parse(self._buffer, at)
                self._settle(self._waiting.popleft()[0], reply)
        except Incomplete:
            if len(self._buffer) - at > _MAX_REPLY:
                self.close()
        except (ValueError, IndexError):
            # Whatever this is, it is not the server we asked.
            self.close()
        self._buffer = self._buffer[at:]

    @staticmethod
    def _settle(waiting: "asyncio.Future[Reply]", reply: Reply) -> None:
        if waiting.done():
            return
        if isinstance(reply, Exception):
            waiting.set_exception(reply)
        else:
            waiting.set_result(reply)

    def send(self, command: bytes) -> "asyncio.Future[Reply]":
        """The reply to come.

        Raises:
            ConnectionResetError: there is no connection any more.
        """
        if self._transport is None:
            raise ConnectionResetError("not connected")
        waiting: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting.append((waiting, self._loop.time()))
        if not self._watching:
            self._watching = True
            self._loop.call_later(self._timeout, self._late)
        if not self._unsent:
            # One system call for everybody who asks in this turn of the loop.
            self._loop.call_soon(self._flush)
        self._unsent.append(command)
        return waiting

    def _late(self) -> None:
        # A timer that was late itself lets what has arrived be read first.
        self._loop.call_later(_GRACE, self._expire)

    def _expire(self) -> None:
        now = self._loop.time()
        for waiting, since in self._waiting:
            if now - since < self._timeout:
                self._loop.call_later(since + self._timeout - now, self._late)
                return
            if not waiting.done():
                waiting.set_exception(TimeoutError())
        self._watching = False

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._transport is not None:
            self._transport.write(b"".join(unsent))

    def overdue(self) -> float:
        """Seconds the oldest unanswered command has waited; 0 when all are answered."""
        return self._loop.time() - self._waiting[0][1] if self._waiting else 0.0

    def close(self) -> None:
        if self._transport is not None:
            with contextlib.suppress(OSError):
                self._transport.abort()

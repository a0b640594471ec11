"""One connection to Redis that many requests share: pipelined, in order, and safe to abandon."""

import asyncio
import contextlib
from collections import deque
from typing import cast

Reply = int | bytes | None | list["Reply"] | Exception

_MAX_REPLY = 1_048_576
_GRACE = 0.001
# A timeout is looked after so many times.
_TURNS = 8


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


class _Question:
    __slots__ = ("answer", "asked")

    def __init__(self, answer: "asyncio.Future[Reply]") -> None:
        self.answer = answer
        # By the connection's patience; not before it is written.
        self.asked = float("inf")


class Connection(asyncio.Protocol):
    """A caller that gives up leaves its place in the line, so that answers never shift by one.

    Whoever has waited for `timeout` seconds gets TimeoutError. Only time in which we could have heard the
    answer counts: while this process did not get to run, the server is not known to be slow.
    """

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout
        self._waiting: deque[_Question] = deque()
        self._buffer = b""
        self._unsent: list[tuple[bytes, _Question]] = []
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._turn = timeout / _TURNS
        self._ticking = False
        # Seconds of patience spent since the beginning, as of that loop.time().
        self._spent = 0.0
        self._looked = 0.0
        self.lost = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        while self._waiting:
            self._settle(self._waiting.popleft().answer, ConnectionResetError("connection lost"))
        if not self.lost.done():
            self.lost.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer = data if not self._buffer else self._buffer + data
        at = 0
        try:
            while at < len(self._buffer):
                reply, at = parse(self._buffer, at)
                self._settle(self._waiting.popleft().answer, reply)
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
        question = _Question(self._loop.create_future())
        if not self._unsent:
            # One system call for everybody who asks in this turn of the loop.
            self._loop.call_soon(self._flush)
        self._waiting.append(question)
        self._unsent.append((command, question))
        return question.answer

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._transport is None:
            return
        self._transport.write(b"".join([command for command, _ in unsent]))
        if self._ticking:
            self._look()
        else:
            self._ticking = True
            self._looked = self._loop.time()
            self._loop.call_later(self._turn, self._tick)
        for _, question in unsent:
            question.asked = self._spent

    def _look(self) -> None:
        """Counts the time since the last look, but no more of it than a look that is hardly late."""
        now = self._loop.time()
        self._spent += min(now - self._looked, 2 * self._turn)
        self._looked = now

    def _tick(self) -> None:
        self._look()
        if not self._waiting:
            self._ticking = False
            return
        self._loop.call_later(self._turn, self._tick)
        if self.overdue() >= self._timeout:
            # A tick that was late itself lets what has arrived be read first.
            self._loop.call_later(_GRACE, self._expire)

    def _expire(self) -> None:
        for question in self._waiting:
            if self._spent - question.asked < self._timeout:
                return
            if not question.answer.done():
                question.answer.set_exception(TimeoutError())

    def overdue(self) -> float:
        """Seconds of patience the oldest unanswered command has cost; 0 when all are answered."""
        return max(0.0, self._spent - self._waiting[0].asked) if self._waiting else 0.0

    def close(self) -> None:
        if self._transport is not None:
            with contextlib.suppress(OSError):
                self._transport.abort()

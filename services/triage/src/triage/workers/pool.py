"""Log text to a digest in a process of its own, so that the event loop never waits for a parser.

A thread would share the interpreter's lock and could not be stopped; a process
that hangs, grows or is no longer wanted is killed, and the next one is fresh.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from chassis.errors import Exhausted, Unavailable
from triage.domain.model import Reading
from triage.domain.reading import Digest
from triage.sources.source import Mark, Piece
from triage.workers import wire

log = logging.getLogger(__name__)

Progress = Callable[[Reading], Awaitable[None]]

_READING: Final = TypeAdapter(Reading)
_DIGEST: Final = TypeAdapter(Digest)
_BOUNDED_BUFFER: Final = 256 * 1024
_START_SECONDS: Final = 15.0
_END_SECONDS: Final = 2.0
_FINISH_SECONDS: Final = 10.0
"""From the last block to the digest: grouping is all that is left to do."""
_BUSY_RETRY_SECONDS: Final = 5.0
# Nothing of the service's environment goes along: it holds the secrets.
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")


class Busy(Exhausted):
    default_reason = "TRIAGE_BUSY"
    default_detail = "Too many logs are being read; try again."


class _Lost(Unavailable):
    default_reason = "READER_LOST"
    default_detail = "The process reading this log ended before its time; try again."


class _Reader:
    """One process; used by one request at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        if process.stdin is None or process.stdout is None:
            raise _Lost
        self._in, self._out = process.stdin, process.stdout

    @classmethod
    async def start(cls, rules: Path | None) -> "_Reader":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "triage.workers.child",
            str(rules or ""),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            start_new_session=True,
            limit=_BOUNDED_BUFFER,
        )
        return cls(process)

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._out.at_eof()

    async def say(self, kind: bytes, content: bytes = b"") -> None:
        self._in.write(wire.frame(kind, content))
        await self._in.drain()

    async def hear(self) -> tuple[bytes, bytes]:
        kind, size = wire.HEADER.unpack(await self._out.readexactly(wire.HEADER.size))
        if size > wire.MAX_FRAME:
            raise _Lost
        return kind, await self._out.readexactly(size)

    async def end(self, *, politely: bool) -> None:
        if politely:
            self._in.close()
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                pass
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


class Readers:
    """As many processes as settings say, kept warm; past the queue nobody waits."""

    def __init__(self, *, count: int, queue: int, rules: Path | None) -> None:
        self._rules = rules
        self._free = asyncio.Semaphore(count)
        self._count = count
        self._most = count + queue
        self._present = 0
        self._idle: list[_Reader] = []

    async def open(self, stack: AsyncExitStack) -> None:
        """Starts the processes, so that the first request does not wait for them."""
        stack.push_async_callback(self._close)
        for _ in range(self._count):
            async with asyncio.timeout(_START_SECONDS):
                self._idle.append(await _Reader.start(self._rules))

    async def digest(self, pieces: AsyncIterator[Piece], *, seconds: float, progress: Progress) -> Digest:
        """The digest of what can be read in `seconds`; what is left out then is marked as cut.

        Raises:
            Exhausted: reason TRIAGE_BUSY.
            Unavailable: the process was lost, or the source failed before its first block.
        """
        until = asyncio.get_running_loop().time() + seconds
        async with self._one() as reader:
            hearing = asyncio.create_task(_hear(reader, progress), name="triage-digest")
            feeding = asyncio.create_task(_feed(reader, pieces, until), name="triage-feed")
            try:
                # A reader that dies is heard of at once, even while its source has nothing to say.
                await asyncio.wait({hearing, feeding}, return_when=asyncio.FIRST_COMPLETED)
                if feeding.done():
                    feeding.result()
                async with asyncio.timeout_at(until + _FINISH_SECONDS):
                    return await hearing
            except (asyncio.IncompleteReadError, ConnectionError, TimeoutError) as lost:
                raise _Lost from lost
            finally:
                feeding.cancel()
                hearing.cancel()
                await asyncio.wait({feeding, hearing})

    @asynccontextmanager
    async def _one(self) -> AsyncIterator[_Reader]:
        if self._present >= self._most:
            raise Busy(retry_after=_BUSY_RETRY_SECONDS)
        self._present += 1
        try:
            async with self._free:
                reader = await self._take()
                try:
                    yield reader
                except BaseException:
                    # Half-way through a log it is of no use to anyone else.
                    await reader.end(politely=False)
                    raise
                self._idle.append(reader)
        finally:
            self._present -= 1

    async def _take(self) -> _Reader:
        while self._idle:
            reader = self._idle.pop()
            if reader.alive:
                return reader
            log.warning("reader.lost")
        return await _Reader.start(self._rules)

    async def _close(self) -> None:
        while self._idle:
            await self._idle.pop().end(politely=True)


async def _feed(reader: _Reader, pieces: AsyncIterator[Piece], until: float) -> None:
    try:
        async with asyncio.timeout_at(until):
            async for piece in pieces:
                match piece:
                    case Mark.BOUNDARY:
                        await reader.say(wire.BOUNDARY)
                    case Mark.CUT:
                        await reader.say(wire.CUT)
                    case block:
                        await reader.say(wire.BLOCK, block)
    except TimeoutError:
        await reader.say(wire.CUT)
    await reader.say(wire.END)


async def _hear(reader: _Reader, progress: Progress) -> Digest:
    while True:
        kind, content = await reader.hear()
        if kind == wire.DIGEST:
            return _DIGEST.validate_json(content)
        await progress(_READING.validate_json(content))

"""Requests at a steady pace, whatever becomes of them: how long someone waits who does not push."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.load import Load

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CONNECTIONS = 8


@asynccontextmanager
async def _connections(port: int) -> AsyncIterator[asyncio.Queue[Streams]]:
    free = asyncio.Queue[Streams]()
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    for streams in opened:
        free.put_nowait(streams)
    yield free
    for _, writer in opened:
        writer.close()


async def pace(port: int, request: bytes, *, rate: float, seconds: float) -> Load:
    """`rate` requests a second on a few kept connections; waiting for a free one counts."""
    latencies: list[float] = []
    statuses = Counter[int]()

    async def ask(free: asyncio.Queue[Streams]) -> None:
        began = time.perf_counter()
        reader, writer = await free.get()
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            at = head.find(b"content-length:")
            await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
        except (OSError, asyncio.IncompleteReadError):
            statuses[0] += 1
            return
        free.put_nowait((reader, writer))
        latencies.append(time.perf_counter() - began)
        statuses[int(head[9:12])] += 1

    began = time.perf_counter()
    async with asyncio.timeout(seconds + 60), _connections(port) as free, asyncio.TaskGroup() as asked:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            asked.create_task(ask(free))
    return Load(time.perf_counter() - began, latencies, statuses)

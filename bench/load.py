"""A closed loop of HTTP/1.1 requests over kept connections, cheap enough not to be what is measured."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import cast

import psutil
import uvloop


@dataclass(frozen=True, slots=True)
class Load:
    """One measured round; times in seconds, CPU of every server process together."""

    requests: int
    seconds: float
    cpu_seconds: float
    latencies: list[float]
    failures: int

    @property
    def cpu_us(self) -> float:
        return self.cpu_seconds / max(1, self.requests) * 1e6

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        ranked = sorted(self.latencies)
        return ranked[min(len(ranked) - 1, int(len(ranked) * share))] * 1e3


class _Connection(asyncio.Protocol):
    """Sends the next request when an answer is whole; understands Content-Length alone."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float], until: float) -> None:
        self._requests = requests
        self._latencies = latencies
        self._until = until
        self._buffer = b""
        self._sent = 0.0
        self.failures = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no asyncio class.
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        if not head.startswith(b"http/1.1 2"):
            self.failures += 1
        self._buffer = self._buffer[end + 4 + length :]
        self._latencies.append(time.perf_counter() - self._sent)
        self._next()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.failures += 1
            self.done.set_result(None)

    def _next(self) -> None:
        self._sent = time.perf_counter()
        request = next(self._requests, None)
        if request is None or self._sent >= self._until:
            self.done.set_result(None)
            self._transport.close()
            return
        self._transport.write(request)


def get(host: str, path: str, headers: dict[str, str] | None = None) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n".encode()


def run(
    port: int, request: bytes | Iterator[bytes], *, servers: list[int], seconds: float, connections: int = 16
) -> Load:
    """Drives one port for a while.

    Args:
        port: on 127.0.0.1.
        request: the same bytes again and again, or one after another until there are no more.
        servers: process ids whose CPU time counts, with all their children.
        seconds: at most.
        connections: kept open, one request at a time on each.
    """
    requests = repeat(request) if isinstance(request, bytes) else request
    latencies: list[float] = []

    async def drive() -> int:
        loop = asyncio.get_running_loop()
        until = time.perf_counter() + seconds
        protocols = []
        for _ in range(connections):
            _, protocol = await loop.create_connection(
                lambda: _Connection(requests, latencies, until), "127.0.0.1", port
            )
            protocols.append(protocol)
        async with asyncio.timeout(seconds + 30):
            await asyncio.gather(*(protocol.done for protocol in protocols))
        return sum(protocol.failures for protocol in protocols)

    before, began = _cpu(servers), time.perf_counter()
    failures = uvloop.run(drive())
    took, spent = time.perf_counter() - began, _cpu(servers) - before
    return Load(len(latencies), took, spent, latencies, failures)


def _cpu(servers: list[int]) -> float:
    total = 0.0
    for pid in servers:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        total += sum(sum(member.cpu_times()[:2]) for member in family)
    return total

"""A closed loop of HTTP/1.1 requests over kept connections, cheap enough not to be what is measured."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

import uvloop

SUCCESS = range(200, 300)


class Asking(Protocol):
    """What one connection asks for, one request after another."""

    def next(self) -> bytes | None:
        """The next request; None when there is none left."""

    def answered(self, status: int, body: bytes) -> None:
        """What became of the last one."""


@dataclass(frozen=True, slots=True)
class Same:
    """One request, again and again."""

    request: bytes

    def next(self) -> bytes:
        return self.request

    def answered(self, status: int, body: bytes) -> None:
        del status, body


@dataclass(slots=True)
class Differing:
    """A request that is never the same twice: `mark` in it becomes a number as long."""

    request: bytes
    mark: bytes
    number: int = 0

    def next(self) -> bytes:
        self.number += 1
        return self.request.replace(self.mark, b"%0*d" % (len(self.mark), self.number))

    def answered(self, status: int, body: bytes) -> None:
        del status, body


@dataclass(frozen=True, slots=True)
class Load:
    """What came back; times in seconds. A lost connection is counted as status 0."""

    seconds: float
    latencies: list[float]
    statuses: Counter[int]

    @property
    def requests(self) -> int:
        return len(self.latencies)

    @property
    def failures(self) -> int:
        return sum(count for status, count in self.statuses.items() if status not in SUCCESS)


class Connection(asyncio.Protocol):
    """Sends the next request when an answer is whole; understands Content-Length alone."""

    def __init__(self, asking: Asking, latencies: list[float], statuses: Counter[int], until: float) -> None:
        self._asking = asking
        self._latencies = latencies
        self._statuses = statuses
        self._until = until
        self._buffer = b""
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no asyncio class.
        self._transport = cast("asyncio.Transport", transport)
        self._go_on()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        whole = end + 4 + (int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
        if len(self._buffer) < whole:
            return
        status, body = int(head[9:12]), self._buffer[end + 4 : whole]
        self._buffer = self._buffer[whole:]
        self._latencies.append(time.perf_counter() - self._sent)
        self._statuses[status] += 1
        self._asking.answered(status, body)
        self._go_on()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self._statuses[0] += 1
            self.done.set_result(None)

    def _go_on(self) -> None:
        self._sent = time.perf_counter()
        # In this order: what is asked for is sent, or it would be lost to the next round.
        request = self._asking.next() if self._sent < self._until else None
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._transport.write(request)


def get(host: str, path: str, headers: dict[str, str] | None = None) -> bytes:
    return _request("GET", host, path, headers or {}, b"")


def post(host: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    return _request("POST", host, path, headers | {"Content-Length": str(len(body))}, body)


def _request(method: str, host: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n".encode() + body


async def drive(port: int, askings: Sequence[Asking], seconds: float) -> Load:
    """A connection to 127.0.0.1 for each of `askings`, one request at a time on each, for a while."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    statuses = Counter[int]()
    began = time.perf_counter()
    protocols = []
    for asking in askings:
        make = partial(Connection, asking, latencies, statuses, began + seconds)
        _, protocol = await loop.create_connection(make, "127.0.0.1", port)
        protocols.append(protocol)
    async with asyncio.timeout(seconds + 60):
        await asyncio.gather(*(protocol.done for protocol in protocols))
    return Load(time.perf_counter() - began, latencies, statuses)


def run(port: int, askings: Sequence[Asking], seconds: float) -> Load:
    return uvloop.run(drive(port, askings, seconds))


def percentile(latencies: Sequence[float], share: float) -> float:
    """Milliseconds; 0 of none."""
    ranked = sorted(latencies)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))] * 1e3 if ranked else 0.0

"""An upstream on a real socket that does exactly what a test says, well or badly."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Seen:
    line: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    def all(self, name: str) -> list[str]:
        return [value for given, value in self.headers if given.lower() == name]

    def one(self, name: str) -> str | None:
        found = self.all(name)
        if len(found) > 1:
            raise AssertionError(f"{name} came {len(found)} times")
        return found[0] if found else None


Reply = Callable[[Seen, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def raw(data: bytes, *, close: bool = False) -> Reply:
    """Answer with exactly these bytes."""

    async def reply(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del seen, reader
        writer.write(data)
        await writer.drain()
        if close:
            writer.close()

    return reply


def ok(body: bytes = b"fine", *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"Content-Type: text/plain", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass
class Origin:
    port: int = 0
    reply: Reply = field(default_factory=lambda: raw(ok()))
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    # Bodies are left for the reply to read.
    leave_body: bool = False
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while not writer.is_closing():
                seen = await self._read(reader)
                self.seen.append(seen)
                await self.reply(seen, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> Seen:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
        headers = [(name, value) for name, _, value in (text.partition(": ") for text in rest)]
        seen = Seen(line, headers)
        if self.leave_body:
            return seen
        if (length := seen.one("content-length")) is not None:
            seen.body = await reader.readexactly(int(length))
        elif seen.one("transfer-encoding") == "chunked":
            while data := await chunk_of(reader):
                seen.body += data
        return seen


async def chunk_of(reader: asyncio.StreamReader) -> bytes:
    size = int(await reader.readuntil(b"\r\n"), 16)
    data = await reader.readexactly(size + 2)
    return data[:-2]


@contextlib.asynccontextmanager
async def serving(
    origin: Origin, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Origin]:
    """At the origin's port, if it has one, else at a free one."""
    server = await asyncio.start_server(origin.handle, host, origin.port, limit=2**20, ssl=tls)
    origin.port = server.sockets[0].getsockname()[1]
    try:
        yield origin
    finally:
        server.close()
        origin.hang_up()
        await server.wait_closed()


def one_route(origin: Origin, route: str = "", upstream: str = "") -> str:
    """A public route /o to the origin, with what the test adds to it."""
    more = f", {upstream}" if upstream else ""
    rest = f", {route}" if route else ""
    return f"""
upstreams:
  o: {{targets: ["{origin.url}"]{more}}}
routes:
  - {{name: o, prefix: /o, methods: [GET, POST, PUT, DELETE], upstream: o, auth: {{access: public}}{rest}}}
"""

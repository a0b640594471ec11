"""A wire to a server that can lose what it carries: answers, or the connection itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Link:
    """Carries bytes both ways between whoever connects to `port` and the server behind it.

    Attributes:
        port: where to connect.
        loses_answers: what the server says is dropped, while what it is told still arrives.
    """

    def __init__(self, behind: int) -> None:
        self.port = 0
        self.loses_answers = False
        self._behind = behind
        self._writers: list[asyncio.StreamWriter] = []

    def cut(self) -> None:
        """Ends every connection at once; new ones may be made."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._behind)
        except OSError:
            writer.transport.abort()
            return
        self._writers += (writer, back)
        await asyncio.gather(self._pump(reader, back, answers=False), self._pump(there, writer, answers=True))

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        try:
            while data := await reader.read(65_536):
                if not (answers and self.loses_answers):
                    writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def link_to(port: int) -> AsyncIterator[Link]:
    link = Link(port)
    server = await asyncio.start_server(link.between, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
        link.cut()

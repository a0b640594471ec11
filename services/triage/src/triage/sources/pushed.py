"""Lines that the caller sends, cut into chunks anywhere."""

from collections.abc import AsyncGenerator, AsyncIterator

from triage.sources.source import Mark, Piece


class PushedSource:
    """`scope` keeps one caller's cached answers from another's."""

    def __init__(self, chunks: AsyncIterator[bytes], *, user: str) -> None:
        self._chunks = chunks
        self.scope = f"pushed:{user}"

    async def read(self, max_bytes: int) -> AsyncGenerator[Piece]:
        left = max_bytes
        async for chunk in self._chunks:
            if len(chunk) <= left:
                left -= len(chunk)
                yield chunk
                continue
            yield chunk[:left]
            yield Mark.CUT
            break
        # Taken and dropped: gRPC does not reliably hand an answer to a client that is still writing.
        async for _ in self._chunks:
            pass

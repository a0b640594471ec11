"""Files and standard input as a command line names them, read whole, one after the other."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Final

from triage.sources.file import FileSource
from triage.sources.source import Mark, Piece

STANDARD_INPUT: Final = "-"
_BLOCK: Final = 64 * 1024


class NamedSource:
    """`names` are paths, gzipped or not, and `-`."""

    scope = "named"

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    async def read(self, max_bytes: int) -> AsyncGenerator[Piece]:
        for name in self._names:
            if name != STANDARD_INPUT:
                async for piece in FileSource(Path(name), rotated=0).read(max_bytes):
                    yield piece
                continue
            yield Mark.BOUNDARY
            while block := await asyncio.to_thread(sys.stdin.buffer.read, _BLOCK):
                yield block

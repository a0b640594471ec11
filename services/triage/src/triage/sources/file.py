"""A log file with its rotated siblings, oldest first, of which the newest bytes are read."""

import asyncio
import gzip
import re
import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final

from triage.sources.failures import SourceUnavailable
from triage.sources.source import Mark, Piece

_BLOCK: Final = 64 * 1024
_BLOCKS_AT_ONCE: Final = 4
_GZIP: Final = b"\x1f\x8b"
_BROKEN: Final = (OSError, EOFError, zlib.error)
_ROTATED: Final = re.compile(
    r"\.(\d{1,6})(?:\.gz)?|[.-](\d{4}-?\d{2}-?\d{2}(?:[T_-]?\d{2,6})?)(?:\.log)?(?:\.gz)?"
)


class FileSource:
    def __init__(self, path: Path, *, rotated: int) -> None:
        self._path = path
        self._rotated = rotated
        self.scope = f"file:{path}"

    async def read(self, max_bytes: int) -> AsyncGenerator[Piece]:
        """Reading, and unpacking above all, happens in a thread; the loop only hands on."""
        try:
            plan = await asyncio.to_thread(_plan, self._path, self._rotated, max_bytes)
        except OSError as error:
            raise SourceUnavailable(f"The log file cannot be read: {error.strerror}.") from error
        pieces = _pieces(plan)
        while batch := await asyncio.to_thread(_some, pieces):
            for piece in batch:
                yield piece


def _some(pieces: Iterator[Piece]) -> list[Piece]:
    return [piece for _, piece in zip(range(_BLOCKS_AT_ONCE), pieces, strict=False)]


def _plan(path: Path, rotated: int, max_bytes: int) -> list[tuple[Path, int, int]]:
    """What to read: file, where from, how much; oldest first, the newest `max_bytes` of it all."""
    plan: list[tuple[Path, int, int]] = []
    left = max_bytes
    for file in [path, *_siblings(path)[:rotated]]:
        size = unpacked_size(file)
        take = min(size, left)
        if take or file == path:
            plan.append((file, size - take, take))
        left -= take
    return plan[::-1]


def _siblings(path: Path) -> list[Path]:
    """Rotated files of this one, newest first: app.log.1, app.log.2.gz, app.log-20260131.gz, ..."""
    found: list[tuple[float, Path]] = []
    for other in path.parent.iterdir():
        rest = other.name.removeprefix(path.name)
        if rest != other.name and _ROTATED.fullmatch(rest) and other.is_file():
            found.append((other.stat().st_mtime, other))
    return [other for _, other in sorted(found, reverse=True)]


def unpacked_size(path: Path) -> int:
    """Bytes when unpacked. A gzip's own last word is only a hint; what is read stays bounded."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
        size = file.seek(0, 2)
        if not packed:
            return size
        file.seek(max(0, size - 4))
        return max(size, int.from_bytes(file.read(4), "little"))


def _pieces(plan: list[tuple[Path, int, int]]) -> Iterator[Piece]:
    for path, start, size in plan:
        yield Mark.BOUNDARY
        if start:
            yield Mark.CUT
        try:
            yield from _blocks(path, start, size)
        except _BROKEN:
            # Rotated away under us, or a broken archive: the rest is missing, and that is said.
            yield Mark.CUT


def _blocks(path: Path, start: int, size: int) -> Iterator[Piece]:
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        file: BinaryIO | gzip.GzipFile = stack.enter_context(gzip.GzipFile(fileobj=raw)) if packed else raw
        file.seek(start)
        if start:
            # A line cut in its middle is no line.
            size -= len(file.readline(_BLOCK))
        while size > 0 and (block := file.read(min(_BLOCK, size))):
            size -= len(block)
            yield block
        if packed and file.read(1):
            yield Mark.CUT

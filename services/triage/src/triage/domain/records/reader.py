"""Blocks of bytes in, records out, in bounded memory: the streaming front of triage.

A line is cut at 16 KiB and a record keeps at most 512 lines and 64 KiB of text;
what is cut is counted. Of records below ERROR nothing is kept at all.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from triage.domain.model import RawRecord
from triage.domain.records.build import Origin, build
from triage.domain.records.keywords import tells_failure
from triage.domain.records.lines import scan_line
from triage.domain.records.neutral import neutralise
from triage.domain.records.parts import CLIENT_FAULT, UNHEADED, UNLEVELLED
from triage.domain.records.pending import Pending
from triage.domain.records.splitter import LineSplitter
from triage.domain.records.unwrap import Wrapped, unwrap

BLOCK: Final = 64 * 1024
"""What a source should read at a time."""
LINE: Final = 16 * 1024
"""What is kept of one line."""
_STREAMS: Final = 8


class RecordReader:
    """Feed it blocks; it hands back the error records they complete. One reader per source.

    `every` keeps the records below ERROR too. `now` completes stamps that
    leave the year or the day out.
    """

    def __init__(self, *, every: bool = False, now: datetime | None = None) -> None:
        self.lines = 0
        self.records = 0
        self.errors = 0
        self.cut_records = 0
        """Error records of which some lines were dropped."""
        self._every = every
        self._now = now
        self._split = LineSplitter(LINE)
        self._open: Pending | None = None
        self._pieces: dict[str, list[str]] = {}
        self._closed = 0
        self._out: list[RawRecord] = []

    @property
    def cut_lines(self) -> int:
        """Lines longer than 16 KiB, of which the rest was dropped."""
        return self._split.cut

    def feed(self, block: bytes) -> list[RawRecord]:
        """Records that this block completes; a record is complete when the next one starts."""
        self._take(self._split.feed(block))
        return self._drain()

    def finish(self) -> list[RawRecord]:
        """What is left at the end of the source."""
        self._take(self._split.finish())
        for stream in list(self._pieces):
            self._accept("".join(self._pieces.pop(stream)), Wrapped("", stream))
        if self._open is not None:
            self._close(self._open, self.lines)
            self._open = None
        return self._drain()

    def read(self, blocks: Iterable[bytes]) -> Iterator[RawRecord]:
        """All records of a source, as they become complete."""
        for block in blocks:
            yield from self.feed(block)
        yield from self.finish()

    def _drain(self) -> list[RawRecord]:
        found, self._out = self._out, []
        return found

    def _take(self, lines: list[str]) -> None:
        for line in lines:
            self.lines += 1
            # Bodies of traces are indented and heads are not; no runtime wraps behind a space.
            if self._open is not None and (not line or line[0] == "\t" or line[:2] == "  "):
                self._open.add(line, self.lines)
                continue
            wrapped = unwrap(line)
            if wrapped is None:
                self._accept(line, None)
            elif wrapped.partial or wrapped.stream in self._pieces:
                self._piece(wrapped)
            else:
                self._accept(neutralise(wrapped.line), wrapped)

    def _piece(self, wrapped: Wrapped) -> None:
        """A line that the runtime cut into pieces becomes one line again, up to the limit of a line."""
        pieces = self._pieces.setdefault(wrapped.stream, [])
        if sum(map(len, pieces)) < LINE:
            pieces.append(wrapped.line[:LINE])
        if not wrapped.partial or len(self._pieces) > _STREAMS:
            del self._pieces[wrapped.stream]
            self._accept(neutralise("".join(pieces)[:LINE]), wrapped)

    def _accept(self, line: str, wrapped: Wrapped | None) -> None:
        code = UNHEADED if not line or line[0] == "\t" or line[:2] == "  " else scan_line(line)
        current = self._open
        if current is not None:
            if current.takes(line, code, self.lines):
                return
            self._close(current, current.last)
        # It begins behind the record before it, so that the pieces of its first line are its own.
        keeps = self._every or code <= UNLEVELLED or code >= CLIENT_FAULT
        self._open = Pending(line, code, self._closed + 1, self.lines, wrapped, keeps=keeps)

    def _close(self, done: Pending, last: int) -> None:
        """Every line up to `last` belongs to `done`; lines of a later record begin behind it."""
        self._closed = last
        self.records += 1
        lines = done.lines
        if lines is None:
            return
        failed = None
        if done.code <= UNLEVELLED and not self._every and lines[0][:1] != "{":
            # Cheaper than building the record first; an object may still say by its fields that it failed.
            failed = tells_failure("\n".join(lines))
            if not failed:
                return
        if done.lost:
            self.cut_records += 1
            lines.append(f"[{done.lost} more lines not kept]")
        wrapped = done.wrapped
        origin = (
            Origin(done.first, last, wrapped.stamp, wrapped.source) if wrapped else Origin(done.first, last)
        )
        record = build(lines, origin, now=self._now, failed=failed)
        self.errors += record.is_error
        if record.is_error or self._every:
            self._out.append(record)

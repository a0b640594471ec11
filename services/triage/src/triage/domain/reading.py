"""Blocks of log text in, a redacted digest out, in memory that does not grow with the input."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from triage.domain.grouping import OVERFLOW, Grouper
from triage.domain.model import Group, Raw, RawRecord, Reading, Record, Redacted, RedactionCount
from triage.domain.records.reader import RecordReader
from triage.domain.redaction import Redactor

_LINES_TOLD: Final = 20
_BATCH_CHARACTERS: Final = 64 * 1024
_LOGGERS_KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything that is left of a log: no raw text."""

    reading: Reading
    groups: tuple[Group, ...]
    redactions: tuple[RedactionCount, ...]


class Digester:
    """One log at a time: feed it, tell it where one file ends and the next begins, finish it."""

    def __init__(self, redactor: Redactor, *, now: datetime | None = None) -> None:
        self._redactor = redactor
        self._now = now
        self._reader = RecordReader(now=now)
        self._grouper = Grouper()
        self._before = Reading()
        self._bytes = 0
        self._cut = False
        self._loggers: dict[str, Redacted] = {}
        self._first: datetime | None = None
        self._last: datetime | None = None

    def feed(self, block: bytes) -> None:
        self._bytes += len(block)
        self._take(self._reader.feed(block))

    def boundary(self) -> None:
        """What follows is another log: no record reaches across."""
        self._take(self._reader.finish())
        self._before = self.reading()
        self._reader = RecordReader(now=self._now)

    def cut(self) -> None:
        self._cut = True

    def finish(self) -> Digest:
        self._take(self._reader.finish())
        report = self._redactor.report
        redactions = tuple(
            RedactionCount(rule, count, report.lines.get(rule, ())[:_LINES_TOLD])
            for rule, count in sorted(report.counts.items(), key=lambda item: -item[1])
        )
        groups = tuple(self._grouper.groups())
        overflowed = sum(group.count for group in groups if group.template == OVERFLOW)
        reading = replace(self.reading(), groups=len(groups), groups_overflowed=overflowed)
        return Digest(reading, groups, redactions)

    def reading(self) -> Reading:
        """How far it has come; groups are only known at the end."""
        before, reader = self._before, self._reader
        return Reading(
            bytes=self._bytes,
            lines=before.lines + reader.lines,
            records=before.records + reader.records,
            errors=before.errors + reader.errors,
            lines_truncated=before.lines_truncated + reader.cut_lines + reader.cut_records,
            input_truncated=self._cut,
            first_seen=self._first,
            last_seen=self._last,
        )

    def _take(self, found: list[RawRecord]) -> None:
        for run in _runs(found):
            for record in self._redacted(run):
                self._see(record.timestamp)
                self._grouper.add(record)

    def _see(self, at: datetime | None) -> None:
        if at is None:
            return
        if self._first is None or at < self._first:
            self._first = at
        if self._last is None or at > self._last:
            self._last = at

    def _redacted(self, run: list[RawRecord]) -> Iterator[Record]:
        """Neighbours are redacted together: a call costs as much as ten lines do."""
        first_line = self._before.lines + run[0].first_line
        joined = self._redactor.redact(Raw("\n".join(raw.text for raw in run)), first_line=first_line)
        # A redaction never adds or takes a line, so the lines still tell the records apart.
        lines = joined.split("\n")
        at = 0
        for raw in run:
            size = raw.text.count("\n") + 1
            text = Redacted("\n".join(lines[at : at + size]))
            at += size
            yield Record(
                text=text,
                message=self._message(raw, text),
                level=raw.level,
                timestamp=raw.timestamp,
                logger=self._name(raw.logger),
                # Only as far as redaction left it standing.
                trace_id=raw.trace_id if raw.trace_id in text else "",
                first_line=self._before.lines + raw.first_line,
                last_line=self._before.lines + raw.last_line,
            )

    def _message(self, raw: RawRecord, text: Redacted) -> Redacted:
        """The redacted message, found again in the redacted text where that can be done."""
        if raw.message in text:
            return Redacted(raw.message)
        head, redacted_head = raw.text.partition("\n")[0], text.partition("\n")[0]
        header = head.removesuffix(raw.message)
        if header != head and redacted_head.startswith(header):
            return Redacted(redacted_head[len(header) :])
        return self._redactor.redact(raw.message)

    def _name(self, logger: str) -> Redacted:
        known = self._loggers.get(logger)
        if known is None:
            known = self._redactor.redact(Raw(logger))
            if len(self._loggers) < _LOGGERS_KEPT:
                self._loggers[logger] = known
        return known


def _runs(found: Iterable[RawRecord]) -> Iterator[list[RawRecord]]:
    """Records whose lines follow one another without a gap, so that line numbers stay true."""
    run: list[RawRecord] = []
    size = 0
    for raw in found:
        whole = raw.last_line - raw.first_line == raw.text.count("\n")
        if run and (
            not whole or raw.first_line != run[-1].last_line + 1 or size + len(raw.text) > _BATCH_CHARACTERS
        ):
            yield run
            run, size = [], 0
        run.append(raw)
        size += len(raw.text)
        if not whole:
            yield run
            run, size = [], 0
    if run:
        yield run

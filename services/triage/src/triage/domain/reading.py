"""Blocks of log text in, a redacted digest out, in memory that does not grow with the input."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from triage.domain.grouping import OVERFLOW, Grouper
from triage.domain.model import Group, Raw, RawRecord, Reading, Record, Redacted, RedactionCount
from triage.domain.records.reader import RecordReader
from triage.domain.redaction import Redactor

_LINES_TOLD: Final = 20
_LOGGERS_KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of work on one log, by what was done."""

    select: float = 0.0
    """Finding records, and those of errors among them."""
    redact: float = 0.0
    group: float = 0.0


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything that is left of a log: no raw text."""

    reading: Reading
    groups: tuple[Group, ...]
    redactions: tuple[RedactionCount, ...]
    spent: Spent = field(default=Spent(), compare=False)
    """What it took is no part of what it is."""


class Digester:
    """One log at a time: feed it, tell it where one file ends and the next begins, finish it."""

    def __init__(
        self,
        redactor: Redactor,
        *,
        now: datetime | None = None,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._timer = timer
        self._spent = Spent()
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
        began = self._timer()
        found = self._reader.feed(block)
        self._take(found, began)

    def boundary(self) -> None:
        """What follows is another log: no record reaches across."""
        began = self._timer()
        self._take(self._reader.finish(), began)
        self._before = self.reading()
        self._reader = RecordReader(now=self._now)

    def cut(self) -> None:
        self._cut = True

    def finish(self) -> Digest:
        began = self._timer()
        self._take(self._reader.finish(), began)
        report = self._redactor.report
        redactions = tuple(
            RedactionCount(rule, count, report.lines.get(rule, ())[:_LINES_TOLD])
            for rule, count in sorted(report.counts.items(), key=lambda item: -item[1])
        )
        began = self._timer()
        groups = tuple(self._grouper.groups())
        spent = replace(self._spent, group=self._spent.group + self._timer() - began)
        overflowed = sum(group.count for group in groups if group.template == OVERFLOW)
        reading = replace(self.reading(), groups=len(groups), groups_overflowed=overflowed)
        return Digest(reading, groups, redactions, spent)

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

    def _take(self, found: list[RawRecord], began: float) -> None:
        """What was found, and when looking for it began."""
        selected = self._timer()
        before = self._before.lines
        texts = list(self._redactor.redact_records((before + raw.first_line, raw.text) for raw in found))
        messages = [_message(raw, text) for raw, text in zip(found, texts, strict=True)]
        unseen = [raw for raw, message in zip(found, messages, strict=True) if message is None]
        redacted = iter(
            list(
                self._redactor.redact_records(
                    ((before + raw.first_line, raw.message) for raw in unseen), counted=False
                )
            )
        )
        cleaned = self._timer()
        for raw, text, message in zip(found, texts, messages, strict=True):
            self._see(raw.timestamp)
            self._grouper.add(self._record(raw, text, next(redacted) if message is None else message))
        spent = self._spent
        self._spent = Spent(
            spent.select + selected - began,
            spent.redact + cleaned - selected,
            spent.group + self._timer() - cleaned,
        )

    def _see(self, at: datetime | None) -> None:
        if at is None:
            return
        if self._first is None or at < self._first:
            self._first = at
        if self._last is None or at > self._last:
            self._last = at

    def _record(self, raw: RawRecord, text: Redacted, message: Redacted) -> Record:
        return Record(
            text=text,
            message=message,
            level=raw.level,
            timestamp=raw.timestamp,
            logger=self._name(raw.logger),
            # Only as far as redaction left it standing.
            trace_id=raw.trace_id if raw.trace_id in text else "",
            first_line=self._before.lines + raw.first_line,
            last_line=self._before.lines + raw.last_line,
        )

    def _name(self, logger: str) -> Redacted:
        known = self._loggers.get(logger)
        if known is None:
            known = self._redactor.redact(Raw(logger))
            if len(self._loggers) < _LOGGERS_KEPT:
                self._loggers[logger] = known
        return known


def _message(raw: RawRecord, text: Redacted) -> Redacted | None:
    """The redacted message, where it can be found again in the redacted text."""
    if raw.message in text:
        return Redacted(raw.message)
    head, redacted_head = raw.text.partition("\n")[0].rstrip(), text.partition("\n")[0].rstrip()
    header = head.removesuffix(raw.message)
    if header != head and redacted_head.startswith(header):
        return Redacted(redacted_head[len(header) :])
    return None

"""The record that is still open: which lines it takes, and what of them it keeps."""

from typing import Final

from triage.domain.model import Level
from triage.domain.records import traces
from triage.domain.records.build import SECOND_LINE
from triage.domain.records.keywords import tells_failure
from triage.domain.records.parts import UNHEADED, UNLEVELLED
from triage.domain.records.unwrap import Wrapped

_LINES_MAX: Final = 512
_TEXT_MAX: Final = 64 * 1024
_PLAIN_MAX: Final = 50


class Pending:
    """A head line and whatever has joined it so far; with `keeps` off only the extent is known."""

    __slots__ = (
        "_indented",
        "_language",
        "_plain",
        "_size",
        "code",
        "first",
        "last",
        "lines",
        "lost",
        "wrapped",
    )

    def __init__(
        self, line: str, code: int, first: int, last: int, wrapped: Wrapped | None, *, keeps: bool
    ) -> None:
        self.code = code
        self.first = first
        self.last = last
        self.wrapped = wrapped
        self.lines: list[str] | None = [line] if keeps else None
        self.lost = 0
        self._size = len(line)
        self._plain = 0
        self._language = traces.language(line) if code <= UNLEVELLED else traces.PLAIN
        self._indented = False

    def add(self, line: str, number: int) -> None:
        self.last = number
        self._indented = line[:1] in (" ", "\t") or (not line and self._indented)
        if self.lines is None:
            return
        self._size += len(line) + 1
        if len(self.lines) < _LINES_MAX and self._size <= _TEXT_MAX:
            self.lines.append(line)
        else:
            self.lost += 1

    def takes(self, line: str, code: int, number: int) -> bool:
        """Adds a line that belongs here and says so; False where it starts a record of its own."""
        if code != UNHEADED:
            if not self._explains(line, code):
                return False
        elif not self._belongs(line):
            return False
        self.add(line, number)
        return True

    def _explains(self, line: str, code: int) -> bool:
        """The few lines that look like a head and are the second line of one."""
        if self.code == UNLEVELLED and self._plain == 0 and SECOND_LINE.match(line):
            self.code = code
            self._plain = _PLAIN_MAX
            return True
        if self.code == UNHEADED and code == Level.INFO:
            return traces.goes_on(line)  # rustc's "note: run with ..."
        if code != Level.ERROR or not traces.opens(line):
            return False
        return self.code >= Level.WARN or self._source_above()

    def _belongs(self, line: str) -> bool:
        if not line:
            return True
        if traces.goes_on(line) or traces.inside(line, within=self._language, after_indent=self._indented):
            self._language = traces.language(line) or (
                "" if self._language == traces.PYTHON else self._language
            )
            return True
        if traces.opens(line):
            if self._stands_apart():
                return False
            self._language = traces.language(line) or self._language
            return True
        return line[0] in " \t" or self._plain_text(line)

    def _plain_text(self, line: str) -> bool:
        """More text of a message with newlines in it; behind a head without a level each line is its own."""
        if self.code == UNHEADED:
            # Rust says where on the first line and what on the second.
            return self._single() and self._ends_open() and traces.opens((self.lines or [""])[0])
        if self.code == UNLEVELLED or self._plain >= _PLAIN_MAX:
            return False
        # What failed behind an INFO line was printed by something else, as a rule: it must not drown.
        if self.code < Level.WARN and (tells_failure(line) or traces.quotes_source(line)):
            return False
        self._plain += 1
        return True

    def _stands_apart(self) -> bool:
        """True where a trace at the margin is a crash of its own and not the trace of this record."""
        if self.code == UNHEADED:
            return not (self._ends_open() or self._source_above() or self._language == traces.GO)
        return self.code == Level.INFO

    def _ends_open(self) -> bool:
        last = next((line for line in reversed(self.lines or ()) if line.strip()), "")
        return last.rstrip().endswith(":") and not last.startswith(("goroutine", "Traceback"))

    def _single(self) -> bool:
        return self.lines is not None and len(self.lines) == 1

    def _source_above(self) -> bool:
        return bool(self.lines) and traces.quotes_source((self.lines or [""])[0])

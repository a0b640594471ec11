"""Where the message starts behind a level: threads, process ids and the logger are taken off."""

import re
from typing import Final

from triage.domain.records.parts import Parts

_GAP: Final = r"[\s:|,>\])/-]{0,8}"
# `[main]`, or with brackets inside: `[QuorumPeer[myid=1]/0:0:0:FastLeaderElection@774]`.
_GROUP: Final = r"[\[(](?:[^\[\]()]|[\[(][^\[\]()]{0,80}[\])]){0,400}[\])]"
_AFTER: Final = re.compile(
    rf"{_GAP}(?:\d{{1,7}}(?=\s---))?{_GAP}"
    rf"(?:(?:{_GROUP})[\s:|-]{{0,4}}){{0,4}}"
)
# A logger is told from a word of the message by a sign that prose lacks, and by what follows it.
_LOGGER: Final = re.compile(
    r"(?:--- )?((?:[A-Za-z_][\w-]{0,80}[.:/#@$]{1,2}){1,12}[\w$@<>-]{1,120}"
    r"|[A-Z][a-z0-9]+[A-Z][\w$-]{1,80}|(?:\w{1,30}\.){1,12}\w{1,60})"
    r"(?:\s{0,40}[:\]|](?:\s|$)|\s{1,8}-\s{1,2}|\s(?=\[)|[:#]\d{1,6}:?\s|\t|\s{2,})"
)
_REQUEST: Final = re.compile(r"\s{0,2}\[(?:-|req-[\w-]{1,60}[^\]]{0,160})\] ")
_THREAD: Final = re.compile(r"\[([^\[\]]{1,80})\]")
_PIPES: Final = re.compile(r"\|([\w.$-]{1,80})\|\d{0,12}\|")
_PROGRAM: Final = re.compile(r"\] ([\w.+ -]{1,60}?)(?: \*64)? - ")
_DOTTED: Final = re.compile(r"(?:[\s\[(])([A-Za-z_][\w$]{0,60}(?:[.$][\w$]{1,60}){1,10})(?=[\s\])])")


def strip_logger(line: str, end: int, parts: Parts, *, before: int | None = None) -> None:
    """Set message and logger from what follows `end`; text may have stood before the level at `before`."""
    if found := _PIPES.match(line, end) or _PROGRAM.match(line, end):
        parts.logger, parts.message = found.group(1), line[found.end() :]
        return
    gap = _AFTER.match(line, end)
    rest = gap.end() if gap else end
    if rest >= len(line.rstrip()):
        rest = end
    if found := _LOGGER.match(line, rest):
        parts.logger = found.group(1)
        rest = found.end()
        if request := _REQUEST.match(line, rest - 1) or _REQUEST.match(line, rest):
            rest = request.end()
    elif before is not None and (dotted := _DOTTED.search(line, max(0, before - 120), before)):
        parts.logger = dotted.group(1)
    parts.message = line[rest:].strip() or line[end:].strip(" :|-\t") or line

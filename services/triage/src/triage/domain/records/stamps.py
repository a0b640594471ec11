"""Where a line's time stands and which instant it is.

Two separate promises, because only kept records pay for the second:
`STAMP` finds a stamp at the start of a line, `instant` reads one.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MON: Final = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)"
_ZONE: Final = r"(?:Z|[+-]\d\d:?\d\d|UTC|GMT|[CEMPA][SDE]T|CEST|EEST|WES?T|[BIJKM]ST)\b"
_CLOCK: Final = r"\d{1,2}:\d\d:\d\d(?:[.,:]\d{1,9})?"

# Bounded everywhere: at most some 50 characters of the line are ever looked at.
STAMP: Final = re.compile(
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:[T_]|,? {{1,2}}| - "
    rf"|-)\d{{1,2}}[:.]\d\d[:.]\d\d(?:[.,:]\d{{1,9}})?"
    rf"(?:\s?{_ZONE})?"
    rf"|(?:\d{{1,2}}/\d{{1,2}}/(?:\d{{4}}|\d\d),? {_CLOCK}(?: [AP]M)?)"
    rf"|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat"
    rf"|Sun),? )?{_MON} {{1,2}}\d{{1,2}},?(?: \d{{4}})? {_CLOCK}(?: [AP]M)?(?: {_ZONE})?(?: \d{{4}}\b)?"
    rf"|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?\d{{1,2}}[ /-]{_MON}(?:[ /-]\d{{4}})?"
    rf"[ :T]{_CLOCK}(?: ?{_ZONE})?"
    rf"|\d{{8}}-\d{{1,2}}:\d{{1,2}}:\d{{1,2}}:\d{{1,3}}"
    rf"|\d{{8}}T\d{{6}}(?:[.,]\d{{1,9}})?(?:{_ZONE})?"
    rf"|\d{{6}} {{1,2}}\d{{1,2}}:?\d\d:?\d\d(?: \d{{1,7}}(?= [A-Z]))?"
    rf"|\d\d[-.]\d\d {_CLOCK}"
    rf"|{_CLOCK}(?: [AP]M\b)?"
    r"|\d{10}(?:\d{3})?(?:\.\d{1,9})?(?![\w.:/-])"
    r")"
)

_ISO: Final = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[^\d]{1,3}(\d{1,2})[:.](\d\d)[:.](\d\d)(?:[.,:](\d{1,9}))?"
)
_NAMED: Final = re.compile(rf"({_MON}) {{1,2}}(\d{{1,2}}),?(?: (\d{{4}}))? ({_CLOCK})(?: ([AP]M))?")
_DAY_FIRST: Final = re.compile(rf"(\d{{1,2}})[ /-]({_MON})(?:[ /-](\d{{4}}))?[ :T]({_CLOCK})")
_YEAR_AT_END: Final = re.compile(r" (\d{4})$")
_SLASHED: Final = re.compile(rf"(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}|\d\d),? ({_CLOCK})(?: ([AP]M))?")
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)[T-](\d{1,2}):?(\d{1,2}):?(\d{1,2})(?:[.,:](\d{1,9}))?")
_SHORT: Final = re.compile(r"(\d\d)(\d\d)(\d\d) {1,2}(\d{1,2}):?(\d\d):?(\d\d)")
_MONTH_DAY: Final = re.compile(rf"(\d\d)[-.](\d\d) ({_CLOCK})")
_TIME: Final = re.compile(r"(\d{1,2}):(\d\d):(\d\d)(?:[.,:](\d{1,9}))?")
_EPOCH: Final = re.compile(r"(\d{10})(\d{3})?(?:\.(\d{1,9}))?$")
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)$")
_ZONES: Final = {
    "CET": 1, "CEST": 2, "BST": 1, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9, "KST": 9,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip


def instant(stamp: str, *, now: datetime | None = None) -> datetime | None:
    """The instant a stamp states, aware; UTC where it names no zone.

    `now` supplies a missing year or day, so that a stamp without one is never
    more than a day in the future. Without `now` such a stamp has no instant.
    """
    try:
        return _instant(stamp.strip(" []<>()"), now)
    except (ValueError, OverflowError):
        return None


def from_epoch(number: float) -> datetime | None:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size."""
    for least, unit in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):
        if number >= least:
            number /= unit
            break
    if not 0 < number < 1e11:  # noqa: PLR2004 - year 5138; also refuses NaN
        return None
    try:
        return datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _instant(stamp: str, now: datetime | None) -> datetime | None:  # noqa: C901, PLR0911 - one branch a notation
    if found := _ISO.match(stamp):
        year, month, day, *clock = found.groups()
        return _at(int(year), int(month), int(day), *_parts(clock), _zone(stamp[found.end() :]))
    if found := _EPOCH.match(stamp):
        seconds, milli, fraction = found.groups()
        return from_epoch(float(f"{seconds}.{milli or fraction or 0}"))
    if found := _DAY_FIRST.search(stamp):
        day, name, year, time = found.groups()
        if year is None:
            return _guessed(None, _month(name), int(day), *_clock(time), now)
        return _at(int(year), _month(name), int(day), *_clock(time), _zone(stamp[found.end() :]))
    if found := _NAMED.search(stamp):
        name, day, year, time, half = found.groups()
        tail = _YEAR_AT_END.search(stamp, found.end())
        year = year or (tail.group(1) if tail else None)
        return _guessed(int(year) if year else None, _month(name), int(day), *_clock(time, half), now)
    if found := _SLASHED.match(stamp):
        first, second, third, time, half = found.groups()
        return _slashed(int(first), int(second), third, *_clock(time, half))
    if found := _COMPACT.match(stamp):
        year, month, day, *clock = found.groups()
        return _at(int(year), int(month), int(day), *_parts(clock), _zone(stamp[found.end() :]))
    if found := _SHORT.match(stamp):
        year, month, day, *clock = found.groups()
        return _at(2000 + int(year), int(month), int(day), *_parts([*clock, None]), UTC)
    if found := _MONTH_DAY.match(stamp):
        month, day, time = found.groups()
        return _guessed(None, int(month), int(day), *_clock(time), now)
    if (found := _TIME.match(stamp)) and now:
        return _guessed(now.year, now.month, now.day, *_clock(stamp), now)
    return None


def _at(
    year: int, month: int, day: int, hour: int, minute: int, second: int, micro: int, zone: timezone
) -> datetime:
    return datetime(year, month, day, hour, minute, min(second, 59), micro, zone)


def _guessed(
    year: int | None,
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int,
    micro: int,
    now: datetime | None,
) -> datetime | None:
    if year is not None:
        return _at(year, month, day, hour, minute, second, micro, UTC)
    if now is None:
        return None
    guess = _at(now.year, month, day, hour, minute, second, micro, UTC)
    return guess.replace(year=now.year - 1) if guess > now + timedelta(days=1) else guess


def _slashed(
    first: int, second: int, third: str, hour: int, minute: int, sec: int, micro: int
) -> datetime | None:
    """17/06/09 is year first (log4j's yy/MM/dd); 11/02/2026 is month first unless that cannot be."""
    if len(third) == 2:  # noqa: PLR2004
        return _at(2000 + first, second, int(third), hour, minute, sec, micro, UTC)
    month, day = (second, first) if first > 12 else (first, second)  # noqa: PLR2004
    return _at(int(third), month, day, hour, minute, sec, micro, UTC)


def _month(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def _parts(clock: list[str | None]) -> tuple[int, int, int, int]:
    hour, minute, second, fraction = clock
    return int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0").ljust(6, "0")[:6])


def _clock(time: str, half: str | None = None) -> tuple[int, int, int, int]:
    found = _TIME.match(time)
    if found is None:
        raise ValueError(time)
    hour, minute, second, micro = _parts(list(found.groups()))
    if half:
        hour = hour % 12 + (12 if half == "PM" else 0)
    return hour, minute, second, micro


def _zone(tail: str) -> timezone:
    tail = tail.strip()
    if found := _OFFSET.search(tail):
        sign, hours, minutes = found.groups()
        return timezone((-1 if sign == "-" else 1) * timedelta(hours=int(hours), minutes=int(minutes)))
    hours_east = _ZONES.get(tail)
    return UTC if hours_east is None else timezone(timedelta(hours=hours_east))

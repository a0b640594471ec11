"""What the world's loggers call a level, in words and in numbers, as one of six.

Words are upper case here; callers fold. Notice and Postgres' LOG are INFO;
alert and emergency are worse than an error, so FATAL.
"""

from collections.abc import Mapping
from typing import Final

from triage.domain.model import Level

_SPELLINGS: Final = {
    Level.TRACE: "TRACE TRC FINEST FINER SPAM SILLY TRCE TRAC VERBOSE VERB VRB",
    Level.DEBUG: "DEBUG DBG DBUG FINE DEBU DEBG DEBUG1 DEBUG2 DEBUG3 DEBUG4 DEBUG5",
    Level.INFO: "INFO INF INFORMATION INFORMATIONAL NOTICE NOTE LOG CONFIG SUCCESS NORMAL DISPLAY DEFAULT"
    " AUDIT STATUS SYSTEM NTC NOTI STATEMENT DETAIL HINT CONTEXT QUERY LOCATION",
    Level.WARN: "WARN WARNING WRN WARNI WARNG",
    Level.ERROR: "ERROR ERR ERRO ERRR EROR SEVERE FAIL FAILURE ERRORS",
    Level.FATAL: "FATAL FTL FATA CRITICAL CRIT CRT ALERT ALRT EMERG EMERGENCY EMRG PANIC DPANIC PANI "
    "CATASTROPHE",
}
WORDS: Final[Mapping[str, Level]] = {word: level for level, row in _SPELLINGS.items() for word in row.split()}

LETTERS: Final[Mapping[str, Level]] = {
    "V": Level.TRACE,
    "T": Level.TRACE,
    "D": Level.DEBUG,
    "I": Level.INFO,
    "N": Level.INFO,
    "W": Level.WARN,
    "E": Level.ERROR,
    "F": Level.FATAL,
    "C": Level.FATAL,
    "A": Level.FATAL,
}

_SYSLOG: Final = (
    Level.FATAL,  # emergency
    Level.FATAL,  # alert
    Level.FATAL,  # critical
    Level.ERROR,
    Level.WARN,
    Level.INFO,  # notice
    Level.INFO,
    Level.DEBUG,
)


def of_word(word: str) -> Level | None:
    """The level a word names, in any case; None for any other word."""
    return WORDS.get(word) or WORDS.get(word.upper())


def of_letter(letter: str) -> Level | None:
    return LETTERS.get(letter.upper())


def of_syslog(severity: int) -> Level | None:
    """RFC 5424 severity, 0 (emergency) to 7 (debug); the low three bits of a PRI."""
    return _SYSLOG[severity] if 0 <= severity <= 7 else None  # noqa: PLR2004 - the scale's own ends


def of_otel(number: int) -> Level | None:
    """OpenTelemetry's 1 to 24, four numbers to each level; 0 is 'not stated'."""
    return Level((number - 1) // 4 * 4 + 1) if 1 <= number <= 24 else None  # noqa: PLR2004 - the scale's own ends


def of_number(number: float) -> Level | None:
    """A bare number in a field called level, by the scale its size belongs to.

    0-7 is syslog (GELF, journald), 10-60 pino and bunyan, 100-600 Monolog,
    above 1,000 logback (10,000 to 40,000, 50,000).
    """
    value = int(number)
    if value < 10:  # noqa: PLR2004
        return of_syslog(value)
    for ceiling, bounds in _SCALES:
        if value <= ceiling:
            return next(level for least, level in bounds if value >= least)
    return None


_SCALES: Final = (
    (
        99,
        (
            (60, Level.FATAL),
            (50, Level.ERROR),
            (40, Level.WARN),
            (30, Level.INFO),
            (20, Level.DEBUG),
            (0, Level.TRACE),
        ),
    ),
    (999, ((500, Level.FATAL), (400, Level.ERROR), (300, Level.WARN), (200, Level.INFO), (0, Level.DEBUG))),
    (
        99_999,
        (
            (50_000, Level.FATAL),
            (40_000, Level.ERROR),
            (30_000, Level.WARN),
            (20_000, Level.INFO),
            (10_000, Level.DEBUG),
            (0, Level.TRACE),
        ),
    ),
)


def of_python(number: int) -> Level:
    """Python's `levelno`: 50 critical, 40 error, 30 warning, 20 info, 10 debug."""
    bounds = ((50, Level.FATAL), (40, Level.ERROR), (30, Level.WARN), (20, Level.INFO), (10, Level.DEBUG))
    return next((level for least, level in bounds if number >= least), Level.TRACE)

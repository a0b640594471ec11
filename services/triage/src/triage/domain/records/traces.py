"""Which lines belong to the record before them: the bodies of stack traces in eight languages.

A line is judged by itself and by what the record before it is made of; nothing
is looked at twice, so joining costs the same for every line.
"""

import re
from typing import Final

# Lines that open a trace of their own at the left margin.
_OPENS: Final = re.compile(
    r" ?(?:Traceback \(most recent call last\)|panic: |fatal error: |goroutine \d|Exception in thread "
    r"|Unhandled |Uncaught "
    r"|thread '|Exception: |(?:[a-zA-Z_$][\w$]{0,80}[.:]{1,2}){0,12}(?:[A-Z][\w$]{0,100})?(?:Error"
    r"|Exception|Throwable|Failure)\b"
    r"(?:$|:| \()|SIG(?:SEGV|ABRT|BUS|ILL): |runtime: |V8 errors stack|Stack trace:|Call Trace:"
    r"|\[signal SIG"
    r"|\S{1,200}:\d{1,7}:in [`'][^'`]{0,200}': |\+ Exception Group Traceback)"
)
# Lines that can only go on with something.
_GOES_ON: Final = re.compile(
    r"(?:Caused by: |Suppressed: |\.\.\. \d+ (?:more|common)|at [\w$.<>/]{1,200}[(.:]|File \""
    r"|--- End of |---> "
    r"|goroutine \d+ \[|created by |\[signal SIG|exit status \d|#\d+ |\[stacktrace\]"
    r"|\[previous exception\]|Stack trace:"
    r"|stack backtrace:|note: (?:run with|Some details)|During handling of the above"
    r"|The above exception was"
    r"|The direct cause|[)}\]]|\"\}|thrown in|nested exception|Backtrace:|from \S+:\d+:in"
    r"|\S{1,200}:\d{1,7}:in [`'][^'`]{0,200}'$|Nested in "
    r"|Wrapped by:|Next \S{1,100}(?:Exception|Error)|Node\.js v\d|Call Trace:|RIP: |Code: )"
)
_SOURCE_LINE: Final = re.compile(r"\S{1,300}\.\w{1,5}:\d{1,7}$")
# Python's last line, Go's frames: unindented, yet inside the trace they stand in.
_PYTHON_LAST: Final = re.compile(r"(?:[A-Za-z_][\w]{0,80}\.){0,12}[A-Za-z_]\w{0,100}(?::|$)")
_GO_FRAME: Final = re.compile(
    r"(?:[\w.*/()\[\]{}~%@-]{1,300}\(.{0,300}\)|created by \S.{0,200})(?: in goroutine \d+)?$"
)

PYTHON: Final = "python"
GO: Final = "go"
PLAIN: Final = ""


def opens(line: str) -> bool:
    """True for a line that starts a stack trace of its own: a crash that no logger wrote."""
    return _OPENS.match(line) is not None


def quotes_source(line: str) -> bool:
    """True for `/app/index.js:3`, which Node prints above the error it belongs to."""
    return _SOURCE_LINE.match(line) is not None


def goes_on(line: str) -> bool:
    """True for a line at the left margin that never starts a record."""
    return _GOES_ON.match(line) is not None


def language(line: str) -> str:
    """The language whose traces need a memory: what the line opens, or PLAIN."""
    if "Traceback (most recent" in line:
        return PYTHON
    if line.startswith(("goroutine ", "panic: ", "fatal error: ", "[signal SIG")):
        return GO
    return PLAIN


def inside(line: str, *, within: str, after_indent: bool) -> bool:
    """True for an unindented line that the trace it stands in accounts for."""
    if within == PYTHON:
        # One line names the exception, directly behind the indented frames.
        return after_indent and _PYTHON_LAST.match(line) is not None
    return within == GO and _GO_FRAME.match(line) is not None

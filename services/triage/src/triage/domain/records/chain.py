"""The chain of exceptions a stack trace tells, from what was seen to what caused it."""

import re
from typing import Final

_NAME: Final = r"(?:[A-Za-z_$][\w$]{0,100}(?:\.|::|\\)){0,12}[A-Za-z_$][\w$]{0,100}"
_FAULT: Final = (
    r"(?:Error|Exception|Throwable|Failure|Fault|Interrupt|Exit|Warning|Timeout|Refused"
    r"|Failed|NotFound|Denied|Invalid)"
)
_LINE: Final = re.compile(
    rf"^(?:\s*(?:Caused by|Wrapped by|Suppressed|\[cause\]|Uncaught|Unhandled exception\.|Next"
    rf"|Nested in)[: ]+|\s+---> )"
    rf"({_NAME})(?:[: ]([^\n]{{0,300}}))?$"
    rf"|^(?:Exception in thread \"[^\"\n]{{0,80}}\" |Uncaught )?({_NAME}{_FAULT}"
    rf"|{_FAULT})(?: \[[^\]\n]{{1,60}}\])?(?:: ?([^\n]{{0,300}}))?$",
    re.MULTILINE,
)
_PANIC: Final = re.compile(r"^(?:panic|fatal error): ([^\n]{1,300})", re.MULTILINE)
_PYTHON_LAST: Final = re.compile(rf"^({_NAME})(?:: ([^\n]{{0,300}}))?$")
_PYTHON: Final = "Traceback (most recent call last)"
_PHP_NEXT: Final = "\nNext "
_LONG: Final = 300


def exceptions(text: str) -> list[str]:
    """`Class: message` for each link, the root cause last; empty where the text holds no chain."""
    if "\n" not in text:
        return []
    if _PYTHON in text:
        # Python and PHP print the cause first.
        return _python(text)[::-1]
    links = []
    for found in _LINE.finditer(text):
        if found.group().lstrip().startswith("Suppressed"):
            continue
        name, told = (found.group(1), found.group(2)) if found.group(1) else (found.group(3), found.group(4))
        links.append(f"{name}: {told.strip()}" if told and told.strip() else str(name))
    if not links and (panic := _PANIC.search(text)):
        return [panic.group(1).strip()]
    return links[::-1] if _PHP_NEXT in text else links


def root_cause(text: str) -> str:
    """The last link of the chain, or nothing."""
    links = exceptions(text)
    return links[-1][:_LONG] if links else ""


def _python(text: str) -> list[str]:
    """The unindented line behind each traceback's indented frames."""
    links: list[str] = []
    inside = False
    for line in text.split("\n"):
        bare = line.removeprefix("  | ")
        if _PYTHON in bare:
            inside = True
        elif inside and bare[:1] not in (" ", "") and (found := _PYTHON_LAST.match(bare[:400])):
            name, told = found.groups()
            links.append(f"{name}: {told}" if told else name)
            inside = False
    return links

"""Whether a record that states no level tells of a failure.

The last resort: it is asked only when no header, field or wrapper said a level.
RE2 keeps it linear in the text, and an order of magnitude cheaper than `re`.
"""

from typing import Final

import re2

# Cheap substrings; a text with none of them cannot match anything below.
_ROOTS: Final = (
    "err",
    "ora-",
    "fail",
    "exception",
    "fatal",
    "panic",
    "traceback",
    "segfault",
    "segmentation",
    "out of memory",
    "oom",
    "killed",
    "core dump",
    "refused",
    "denied",
    "timed out",
    "unable to",
    "no space left",
    "abort",
    "crash",
    "uncaught",
    "unhandled",
    "bug:",
    "call trace",
    "deadlock",
    "unreachable",
    "critical",
    "severe",
    "too many open",
    "could not",
    "cannot ",
    "stack trace",
    "lockup",
    "exit status",
    "exit code",
    "exited with",
    "fail\t",
    "corrupt",
)

_NOTHING: Final = (
    r"(?:0+(?:\.0+)?%?(?:[^\d.]|$)|(?:null|nil|none|false|undefined|ok|success)\b|<nil>"
    r"|\"\"|''|\[\]|\{\}|-(?:[^\w-]|$))"
)
_FAULT: Final = (
    r"(?:errors?|failures?|failed|fails|failing|exceptions?|err|fatal|panics?|crash(?:es)?|timeouts?)"
)

# What looks like a failure and says there was none.
_BENIGN: Final = re2.compile(
    rf"(?i)\b(?:no|0|zero|without|w/o|never|not|non|free of|any|ignor(?:e|ed|ing)|clear(?:ed|ing)?"
    rf"|suppress\w{{0,4}}"
    rf"|retry on|if|on|unless|until|handle|handles|catch)[ -](?:\w{{1,16}}[ -]){{0,2}}?{_FAULT}\b"
    rf"|\b{_FAULT}(?:[_ -]?(?:count|counts|rate|total|ratio|pct|code|num|number|status|message|msg"
    rf"|found|detected))?"
    rf"[\"']?\s{{0,4}}[:=]\s{{0,4}}[\"']?{_NOTHING}"
    r"|\b(?:error|failure|exception)[ _-]?(?:handl\w{1,5}|pages?|logs?|logging|free|rates?|budgets?"
    r"|correct\w{1,5}"
    r"|report\w{0,5}|levels?|recovery|counts?|tracking|monitor\w{0,5}|boundary|mapping|messages?"
    r"|threshold|types?|policy"
    r"|metrics?|detector|translator|resolver|filter|middleware|codes? 0)\b"
    r"|\b(?:fail(?:ed)?[ -]?over|fail-?safe|fail-?fast|failures? (?:detector|domain|threshold|policy))\b"
    r"|\b(?:errors?|failures?) (?:was |were |is |are |has been |have been )?"
    r"(?:corrected|resolved|fixed|cleared|ignored|recovered|handled)\b"
    r"|\b(?:level|threshold|verbosity|loglevel)(?: set)?(?: to)?[ =:]+[\"']?(?:error|fatal|critical)\b"
    r"|\bcan(?:not|'t)? (?:be )?fail(?:ed)?\b|\bon(?:Error|Failure)\b"
    r"|\bbeginning of crash|--- (?:PASS|SKIP): \S+|\bexit(?:ed)? with error code 0\b"
)

# A word inside a path, a host, a key or a longer word is a name, not news.
_FAILURE: Final = re2.compile(
    r"(?i)(?:^|[^\w/.-])(?:errors?|err|failed|failure|failures|fails|fatal|panic|panicked|critical"
    r"|severe|unhandled"
    r"|uncaught|segfault|aborted|abort|aborting|crash(?:ed|es|ing)?|corrupt(?:ed|ion)?|deadlock|lockup"
    r"|unreachable|oom)"
    r"(?:$|[^\w/=.-]|\.(?:\W|$))"
    r"|(?:^|[^\w/-])err(?:or)?(?:_?(?:msg|message|text))?[\"']?[=:]\s?[^\s,;}]"
    r"|\w(?-i:Error|Exception|Failure|Fault)(?:$|[^\w/=])"
    r"|\bexception(?:$|[^\w/=-])|\bERR!|\bORA-\d{5}"
    r"|\btraceback \(most recent|\bsegmentation fault|\bcore dumped|\bout of memory|\boom[- ]?kill"
    r"|\bkilled process|^killed\b|\bstack trace\b|\bcall trace:|(?-i:\bBUG: |\bFAIL(?:$|\s))"
    r"|\b(?:exit (?:status|code)|exited with(?: (?:status|code|exit code|exit status))?) [1-9]"
    r"|\bconnection (?:was )?(?:refused|timed out)|\b(?:permission|access) denied|\btimed out\b"
    r"|\bno space left\b"
    r"|\btoo many open files|\bunable to\b|\bcould not\b|\bcannot (?:open|connect|find|read|write"
    r"|allocate|load|create"
    r"|access|bind|resolve|start|stat|assign|get|parse|execute|remove|fork|continue|import)\b"
)


def tells_failure(text: str) -> bool:
    """True where the text, read by a human, reports that something failed."""
    folded = text.lower()
    for root in _ROOTS:
        if root in folded:
            break
    else:
        return False
    if _FAILURE.search(text) is None:
        return False
    return _BENIGN.search(text) is None or _FAILURE.search(_BENIGN.sub(" ", text)) is not None

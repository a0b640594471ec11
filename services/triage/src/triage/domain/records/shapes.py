"""The shapes of log headers: one pattern for each step, each bounded in what it looks at."""

import re
from typing import Final

import re2

from triage.domain.model import Level

_UPPER: Final = (
    "TRACE|TRC|FINEST|FINER|VERBOSE|DEBUG[1-5]?|DBG|INFO|INFORMATION|INF|NOTICE|WARN|WARNING|WRN|ERROR"
    "|ERRO|ERR|SEVERE"
    "|FATAL|FTL|CRITICAL|CRIT|CRT|EMERG|EMERGENCY|PANIC|DPANIC"
)
_ONLY_WITH_COLON: Final = (
    "LOG|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|NOTE|CONFIG|FINE|ALERT|FAIL|FAILURE|SUCCESS"
)
_ANY_CASE: Final = (
    "trace|trc|trce|verbose|debug|dbg|dbug|info|inf|information|notice|note|system|warn|warning|wrn"
    "|error|err|erro|eror"
    "|severe|fatal|ftl|critical|crit|alert|emerg|emergency|panic|fail"
)

# Right behind the time, any case: most loggers.
NEXT: Final = re.compile(
    r"[\s\])>|,:;-]{0,8}[\[(<|]{0,2}\s{0,4}"
    rf"(?:({_UPPER}|LOG(?=\s{{1,3}}\[)|(?i:{_ANY_CASE}|catastrophe))(?=[\s\]\[)>|:,;/(]|$)"
    r"|([VTDIWEF])(?= [A-Z(\[-]|\s{2}|\] |/|\t)|\d{1,7}\s{1,5}\d{1,7}\s([VDIWEFA])\s)"
)
# Anywhere in the header: an upper-case word standing free, any case in brackets, or a field.
SEARCH: Final = re.compile(
    rf"(?:^|(?<=[\s\[(<|:/\t]))({_UPPER})(?=[\s\])>|:,;/]|$|\|)"
    rf"|(?:^|(?<=[\s\[(<|./:]))({_UPPER}|{_ONLY_WITH_COLON})(?=:)"
    rf"|[\[<(|](?:[\w.-]{{1,40}}:)?\s?((?i:{_ANY_CASE}))\s?[\])>|]"
    r"|\b(?:level|lvl|severity|log_?level|log\.level|levelname)=[\"']?((?i:[a-z]{1,12}|\d{1,3}))\b"
    rf"|\]\s((?i:{_ANY_CASE}))(?=: )"
)
# No groups, so RE2 answers from its automaton; nearly every line without a level ends here.
MAYBE: Final = re2.compile(
    rf"{_UPPER}|(?:{_ONLY_WITH_COLON}):|[\[<(|:\]]\s?(?i:{_ANY_CASE})\s?[\])>|:]"
    r"|(?i:level|lvl|severity|levelname)="
)
BEGIN: Final = re.compile(
    rf"[\[(<*#]{{0,3}}\s?(?:({_UPPER})(?=[\s\])>|:/]|$)|({_ONLY_WITH_COLON})(?=:\s)"
    r"|(INFO|WARN|ERRO|FATA|DEBU|TRAC|PANI)(?=\[\d{4,10}\])"
    rf"|((?i:{_ANY_CASE}))(?=: |:$|:\t|\]|\[E\d{{4}}\]|\)\s?:?\s|>))(?!: ?(?:none|null|nil|0|false"
    rf"|\"\")\s{{0,3}}$)"
)
KLOG: Final = re.compile(
    r"([IWEFD])(\d{4}(?:\d{4})? \d\d:\d\d:\d\d\.\d{3,6})\s{1,8}\d{1,9} ([^\]]{1,120})\] ?"
)
RUBY: Final = re.compile(
    r"[DIWEFAU], \[(\S{19,40}) #\d{1,9}(?:\.\d+)?\]\s{1,3}(\w{3,7}) -- "
    r"([^:]{0,80}): ?"
)
JUPYTER: Final = re.compile(r"\[([DIWECF]) (?=\d)")
LOGCAT: Final = re.compile(r"([VDIWEFA])/([^(:]{1,60})(?:\(\s{0,5}\d{1,7}\))?: ")
PRI: Final = re.compile(r"<(\d{1,3})>(?:1 (?=\S))?")
RFC5424: Final = re.compile(
    r"(?:\S{1,48}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (?:-|(?:\[[^\]]{0,1024}\]){1,8}) ?"
)
CI: Final = re.compile(
    r"(?:##\[|::)(error|warning|notice|debug|group|endgroup|section|command)\b"
    r"|npm (ERR!|error|WARN|warn|notice|info)(?= )"
)
# `src/a.c:3:5: warning: ...`, `ld: error: ...`.
TOOL: Final = re.compile(r"[^\s:]{1,200}(?::\d{1,7}){0,2}: (fatal error|error|warning|note): ")
PHP: Final = re.compile(
    r"(?:PHP message: )?PHP (?:(?:(?:Recoverable )?[Ff]atal|Parse|Core|Compile|Startup) (?:[Ee]rror)"
    r"|(Warning)|(Notice|Deprecated|Strict))"
)
# What may stand before the time: a file's name, Redis' pid and role, a supercomputer's label and node.
BEFORE: Final = re.compile(
    r"(?:[\w.-]{1,80}\.log[\w.:-]{0,40} (?=\d)"
    r"|(\d{1,7}):([XCSM]) (?=\d)"
    r"|(?:-|[A-Z][A-Z0-9_]{1,30}) \d{10} \d{4}\.\d\d\.\d\d \S{1,80} (?=[\dA-Z])"
    r"|\[[\w. -]{1,40}\] \[?(?=\d{4}-\d\d-\d\d)|\[Nest\] \d{1,9}\s{1,4}- (?=\d)"
    r")"
)
REDIS: Final = {".": Level.DEBUG, "-": Level.TRACE, "*": Level.INFO, "#": Level.WARN}
TAG: Final = re.compile(
    r" (\S{1,255}) ((?:[^\s:\[\]]{1,80}"
    r"|[^:\[\]]{1,60}?)(?:\[[\w. ()\[\]-]{1,80}\])?(?: \([^)]{0,120}\))?):(?: |$)"
)
TAG_WITH_PID: Final = re.compile(r" (\S{1,255}) ([\w./@-]{1,80}\[\d{1,9}\]): ?")
HPC: Final = re.compile(r"\d{1,9} \S{1,40} (\S{1,40}) \S{1,60} (\d{10}) \d{1,3} ")
RACK: Final = re.compile(r" \S{1,80} [A-Z]{3,12} ([A-Z_]{2,20}) ([A-Z]{3,12})(?: |$)")
CI_LEVELS: Final = {"ERR!": Level.ERROR, "ERROR": Level.ERROR, "WARN": Level.WARN, "WARNING": Level.WARN,
                     "DEBUG": Level.DEBUG}  # fmt: skip

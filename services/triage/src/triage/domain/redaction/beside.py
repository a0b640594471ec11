"""Secrets told by a name beside them: name and value objects, validation errors, SQL, command lines."""

from collections.abc import Iterator

from triage.domain.redaction.credentials import authorization_in, cookies_in
from triage.domain.redaction.looks import Look
from triage.domain.redaction.names import rule_for
from triage.domain.redaction.rule import Hit, Rule, compiled
from triage.domain.redaction.rules.structures import COMMAND_PASSWORD, NAMED_VALUE, SQL_VALUE
from triage.domain.redaction.signs import OPEN_BRACE
from triage.domain.redaction.values import value_at
from triage.domain.redaction.worth import Style, is_nothing, is_secret

_NEAR = 600
_Q = rb"\\{0,31}[\"']"
_NAMING = (
    rb"\b(?:name|key|param|parameter|field|path|header|label|property|variable|env"
    rb"|loc|attribute|tag|k|dataPath|instancePath|propertyPath)"
)
_NAMED = compiled(
    rb"(?i)"
    + _Q
    + rb"?"
    + _NAMING
    + _Q
    + rb"?[ \t]{0,4}[:=][ \t]{0,4}(?:\[[^\]\n]{0,200}?)?(?:"
    + _Q
    + rb"|[\w.-]*[A-Za-z])"
)
_NAME = compiled(rb"[\w$./ -]{1,80}")
_LOCATION = compiled(_Q + rb"([\w.-]{1,64})" + _Q + rb"[ \t]*\]")
_VALUE = compiled(
    rb"(?i)"
    + _Q
    + rb"?\b(?:value|val|input|input_value|rejectedValue|rejected_value|actual|received|content|data|given|v)"
    + _Q
    + rb"?[ \t]{0,4}[:=]"
)
_BOUNDARY = compiled(rb"[{}]|<\w|/>|</|\n[ \t]*-[ ]")
_ELEMENT = compiled(
    rb"<([\w:.-]{1,64})(?:[ ][^<>\n]{0,200})?>\s{0,40}(?:<!\[CDATA\[)?([^<\n]{1,1000}?)(?:\]\]>)?\s{0,40}</"
)
_SPRING = compiled(rb"on field '([\w.\[\]-]{1,80})': rejected value \[([^\]\n]+)\]")
_PYDANTIC = compiled(rb"([\w.-]{1,120})['\")\]]{0,4}\r?\n[^\n]{0,300}input_value=")
_INSERT = compiled(rb"(?i)\(([\w\"`., \[\]]+)\)[ \t\r\n]*(?:output [\w., ]+)?values[ \t\r\n]*\(")
_ASKED = compiled(
    rb"[ \t]*(?:\?|%s|[$:]\w+)[^)\n]{0,400}\)[^\n]{0,200}?(?:parameters|params|args|bind\w*)[:=]?[ \t]*[\[(]+"
)
_FIELD = compiled(
    rb"[ \t\r\n]*(?:[NEeb]?'((?:[^'\\]|''|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([^,()'\"]{1,200}"
    rb"|[^,()'\"]{0,60}\([^()]{0,200}\)))[ \t\r\n]*(,|\)|\])"
)
_FAILING_ROW = compiled(rb"Failing row contains \(([^\n]+?)\)(?:\.|\\n|\"|\n|\z)")
_USER_FLAG = compiled(rb"(?i)\bcurl\b[^\n]{0,400}?[ ](?:-u[ ]?|--(?:proxy-)?user[ =]|-U[ ])")
_PROGRAMS = (
    rb"(?i)\b(?:mysql(?:dump|admin|show)?|mariadb|sshpass|plink|pscp|mongo(?:sh|dump"
    rb"|restore)?|psexec(?:\.exe)?|docker login|podman login|helm registry login|az login"
    rb"|net use|ldapsearch|ldapmodify|redis-cli|openssl)\b"
)
_PASSWORD_FLAG = compiled(
    rb"(?:" + _PROGRAMS + rb"[^\n|;&]{0,300}?)[ ](?:-p|-w|-a"
    rb"|-passin pass:|-passout pass:|-pass pass:|/user:\S{1,60} )"
)
_SPACED = frozenset(
    {
        b"sshpass",
        b"psexec",
        b"docker",
        b"podman",
        b"helm",
        b"az",
        b"ldapsearch",
        b"ldapmodify",
        b"redis-cli",
        b"mongo",
        b"mongosh",
        b"mongodump",
        b"mongorestore",
        b"plink",
        b"pscp",
    }
)


def named_hits(text: bytes) -> Iterator[Hit]:
    """Values of which the name is told by another field nearby."""
    for found in _NAMED.finditer(text):
        name = _name_in(text, found.start(), found.end())
        rule = rule_for(name) if name else None
        if rule is not None:
            yield from _near(text, found.start(), found.end(), rule)


def element_hits(text: bytes) -> Iterator[Hit]:
    """`<password>...</password>`."""
    for found in _ELEMENT.finditer(text):
        rule = rule_for(found.group(1).rpartition(b":")[2])
        if rule and is_secret(rule, found.group(2), Style.QUOTED, more_follows=False):
            yield *found.span(2), rule


def refused_hits(text: bytes) -> Iterator[Hit]:
    """The values that Spring and pydantic repeat when they refuse them."""
    for found in _SPRING.finditer(text):
        if rule_for(found.group(1)) and not is_nothing(found.group(2)):
            yield *found.span(2), NAMED_VALUE
    for found in _PYDANTIC.finditer(text):
        value = value_at(text, found.end()) if rule_for(found.group(1)) else None
        if value and not is_nothing(text[value.start : value.end]):
            yield value.start, value.end, NAMED_VALUE


def _name_in(text: bytes, start: int, end: int) -> bytes:
    """The name that is the value of a `name` field; the last one where it is a path."""
    if b"[" in text[start:end]:
        location = _LOCATION.search(text, start, min(len(text), end + 120))
        return bytes(location.group(1)) if location else b""
    first = end if text[end - 1] in b"\"'" else _word_start(text, start, end)
    name = _NAME.match(text, first, min(len(text), first + 80))
    return bytes(name.group()).strip().rpartition(b"/")[2] if name else b""


def _word_start(text: bytes, start: int, end: int) -> int:
    cut = max(text.rfind(sign, start, end) for sign in (b":", b"=", b" ", b"\t"))
    return cut + 1


def _near(text: bytes, start: int, end: int, rule: Rule) -> Iterator[Hit]:
    """The `value` field of the same object, after the name or before it."""
    stop = _BOUNDARY.search(text, end, min(len(text), end + _NEAR))
    after = _VALUE.search(text, end, stop.start() if stop else min(len(text), end + _NEAR))
    if (
        after is None and stop is not None and text[stop.start()] == OPEN_BRACE
    ):  # an object inside, such as a context
        after = _VALUE.search(text, end, stop.start())
    places = [after.end()] if after else []
    if not places:
        low = max(
            text.rfind(b"{", max(0, start - _NEAR), start), text.rfind(b"<", max(0, start - _NEAR), start)
        )
        found = _VALUE.search(text, low, start) if low >= 0 else None
        places = [found.end()] if found else []
    for place in places:
        if rule.id == "key-authorization":
            yield from authorization_in(text, place, rule)
        elif rule.id == "key-cookie":
            yield from cookies_in(text, place, rule)
        else:
            value = value_at(text, place)
            if value is None or text[value.start : value.start + 1] in {b"{", b"["}:
                continue
            style = Style.QUOTED if value.quoted else Style.EQUALS
            if is_secret(rule, text[value.start : value.end], style, more_follows=False):
                yield value.start, value.end, rule


def insert_hits(text: bytes) -> Iterator[Hit]:
    """What an INSERT puts into a secret column."""
    for found in _INSERT.finditer(text):
        columns = [column.strip(b' "`[]\r\n\t') for column in found.group(1).split(b",")]
        secret = {place for place, column in enumerate(columns) if rule_for(column.rpartition(b".")[2])}
        if not secret:
            continue
        asked = _ASKED.match(text, found.end(), min(len(text), found.end() + 1500))
        yield from _row(text, asked.end() if asked else found.end(), secret)


def row_hits(text: bytes) -> Iterator[Hit]:
    """The rows that a constraint refused."""
    for found in _FAILING_ROW.finditer(text):
        if not is_nothing(found.group(1)):
            yield *found.span(1), SQL_VALUE


def _row(text: bytes, at: int, secret: set[int]) -> Iterator[Hit]:
    for place in range(max(secret) + 1):
        field = _FIELD.match(text, at, min(len(text), at + 2500))
        if field is None:
            return
        for group in (1, 2, 3):
            low, high = field.span(group)
            if place in secret and high > low and not is_nothing(text[low:high]):
                yield low, high, SQL_VALUE
        at = field.end()


def curl_hits(text: bytes) -> Iterator[Hit]:
    """`curl -u jo:...`."""
    for found in _USER_FLAG.finditer(text):
        value = value_at(text, found.end())
        if value is None:
            continue
        user, colon, password = text[value.start : value.end].partition(b":")
        if colon and not is_nothing(password):
            yield value.start + len(user) + 1, value.end, COMMAND_PASSWORD


def flag_hits(text: bytes) -> Iterator[Hit]:
    """Passwords in command lines that no name of a flag gives away."""
    for found in _PASSWORD_FLAG.finditer(text):
        program = found.group().split(None, 1)[0].lower().removesuffix(b".exe")
        attached = text[found.end() : found.end() + 1] not in {b" ", b"\t", b"="}
        if (
            attached is (program in _SPACED)
            and b"pass:" not in found.group()
            and b"/user" not in found.group()
        ):
            continue
        value = value_at(text, found.end())
        if value and not is_nothing(content := text[value.start : value.end]) and content[:1] not in b"-/":
            yield value.start, value.end, COMMAND_PASSWORD


LOOKS = (
    Look(rb"(?i)" + _NAMING + rb"(?:\\*[\"'])?[ \t]*[:=]", named_hits),
    Look(rb"</", element_hits),
    Look(rb"rejected value|input_value=", refused_hits),
    Look(rb"(?i)values[ \t\r\n]*\(", insert_hits),
    Look(rb"Failing row", row_hits),
    Look(rb"(?i)\bcurl\b", curl_hits),
    Look(_PROGRAMS, flag_hits),
)

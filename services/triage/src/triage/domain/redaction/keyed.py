"""Values beside the name of a secret, however key and value are joined and however deep they lie."""

from collections.abc import Iterator

from triage.domain.redaction.containers import scalars_in
from triage.domain.redaction.credentials import authorization_in, cookies_in
from triage.domain.redaction.looks import Look
from triage.domain.redaction.names import normalised, rule_for
from triage.domain.redaction.rule import Hit, Rule, compiled
from triage.domain.redaction.signs import BACKSLASH, BLANK, COLON, DIGITS, after, before
from triage.domain.redaction.values import Value, line_end, skip_blanks, value_at
from triage.domain.redaction.worth import Style, is_secret

_NAME = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$"
_NAME_OR_BLANK = _NAME + b" "
_HINTS = (
    rb"pass|pwd|psw|pswd|_pw|\bpw|mdp|kennwort|contrasena|secret|token|key|auth|cookie|sess|sid|cred|jwt|bearer|sig|hmac|otp|\bpin|_pin"
    rb"|cvv|cvc|csc|assertion|saml|verifier|csrf|xsrf|\bsas|ssn|social_?sec|tax_?id|national_?id|nino|passport|phone|mobile"
    rb"|msisdn|\btel|\bfax|iban|card|\bpan|account_?n|routing|connection_?string|conn_?str|code|refresh|_api\b|-api\b|_pat\b"
)
_SECOND = rb"id|key|token|secret|code|number|no|string|access key"
_ANCHOR = compiled(
    rb"(?i)(?:" + _HINTS + rb")[\w.$-]{0,48}(?:[ ](?:" + _SECOND + rb"))?"
    rb"(?:\[\])?(?:\\{0,31}[\"'`])?\]?(?:\)=\(|[ \t]{0,8}(?:[=:]|[!?.+~]=|\|\|?=|->|<-"
    rb"|,[ \t]{0,4}[bru]?\\{0,31}[\"']|\([ \t]{0,4}[bru]?\\{0,31}[\"']|[ \t]\\{0,31}[\"']))"
)
_WORD_ANCHOR = compiled(
    rb"(?i)(?:(?:^|[\s\"',\[(])--?[\w-]{0,40}(?:"
    + _HINTS
    + rb")[\w-]{0,40}|\b(?:ENV|ARG|setenv)[ \t]+\w{0,40}(?:"
    + _HINTS
    + rb")\w{0,40}|\blogin[ \t]+[^\s]{1,128}[ \t]+password"
    rb"|\bidentified[ ]by(?:[ ]password)?|\bidentified[ ]with[ ]\S{1,60}[ ]by)[ \t]"
)
_JOIN = compiled(rb"(?::{1,4}=|===?|=>|!==?|[?.+~]=|\|\|?=|->|<-|=|:)")
_LEADS = (
    *(b"social security", b"api", b"access", b"secret", b"private", b"session", b"auth", b"account"),
    *(b"license", b"signing", b"client", b"master", b"card", b"phone", b"security", b"verification"),
)
"""What may stand before a name with a blank between; the longer before its own end."""
_SCOPE = compiled(rb"::(?:[^:=]|:[^:=])")
_NEXT_LINE = compiled(rb"[ \t]*(?:\|[+-]?|>[+-]?|\\)?[ \t]*\r?\n[ \t]*")


def keyed_hits(text: bytes) -> Iterator[Hit]:
    """Every secret beside its name. What is inside a value already found is not looked at again."""
    done, taken = 0, bytearray(len(text))
    for anchor in _ANCHOR.finditer(text):
        if anchor.start() < done or taken[anchor.start()]:
            continue
        for hit in _at(text, anchor.start(), anchor.end()):
            low, high, _ = hit
            if text.find(b"\n", anchor.end(), low) < 0:
                done = max(done, high)
            else:
                # Between values of a container that was cut off, another record may tell a secret of its own.
                taken[low:high] = b"\x01" * (high - low)
            yield hit


def worded_hits(text: bytes) -> Iterator[Hit]:
    """What follows the name of a secret after a mere blank, where a command or a statement says so."""
    for anchor in _WORD_ANCHOR.finditer(text):
        words = anchor.group().split()
        rule = (
            rule_for(b"password")
            if words[0].lower() == b"identified"
            else rule_for(words[-1].strip(b"-\"',[("))
        )
        value = value_at(text, anchor.end()) if rule else None
        if rule and value and text[value.start : value.start + 1] != b"-":
            yield from _judged(text, rule, value, Style.QUOTED if value.quoted else Style.EQUALS)


def name_before(text: bytes, at: int, end: int) -> tuple[int, bytes]:
    """The whole name of which the bytes from `at` to `end` are a part, and where it starts."""
    window = text[max(0, at - 64) : at]
    start = at - (len(window) - len(window.rstrip(_NAME)))
    if before(text, start) == BLANK:
        words = text[max(0, start - 24) : start - 1].lower()
        if words.endswith(_LEADS):
            start -= 1 + len(next(lead for lead in _LEADS if words.endswith(lead)))
    # A line feed that was written out ends the name before it.
    if start > 0 and text[start - 1] == BACKSLASH and text[start : start + 1] in {b"n", b"r", b"t"}:
        start += 1
    return start, text[start:end]


def _at(text: bytes, found: int, joined: int) -> Iterator[Hit]:
    anchor = text[found:joined]
    body = anchor[: len(anchor) - len(anchor.lstrip(_NAME_OR_BLANK))]
    name_end = found + len(body.rstrip(b" -.$"))
    start, name = name_before(text, found, name_end)
    name = name.rstrip(b".-$")
    rest = text[name_end:joined]
    if b"://" in text[name_end : joined + 2] or (
        text.startswith(b"::", joined - 1) and _SCOPE.match(text, joined - 1)
    ):
        return
    join = rest.lstrip(b"\\\"'`[] \t")[:1]
    if join == b")":
        yield from _bracketed(text, name, joined)
    elif join in {b"=", b":", b"!", b"?", b"-", b".", b"+", b"~", b"|", b"<"}:
        yield from _joined(text, name, name_end, joined)
    elif rest[-1:] in {b'"', b"'"} and (b"," in rest or b"(" in rest):
        yield from _called(text, start, name, name_end, joined)
    elif rest.strip(b" \t\\\"'`") == b"":
        yield from _spaced(text, name, name_end)


def _bracketed(text: bytes, name: bytes, joined: int) -> Iterator[Hit]:
    """`(key)=(value)`, as PostgreSQL writes."""
    close = text.find(b")", joined, line_end(text, joined))
    rule = rule_for(name)
    if rule and close > joined and is_secret(rule, text[joined:close], Style.EQUALS, more_follows=False):
        yield joined, close, rule


def _joined(text: bytes, name: bytes, name_end: int, joined: int) -> Iterator[Hit]:
    """`key=value`, `"key": "value"`, `key => value`."""
    sign = joined - 1
    while sign > name_end and text[sign - 1] in b"=!?-:<.+~|":
        sign -= 1
    if sign == joined - 1 and after(text, joined) not in b"=>:":
        end, colon = joined, text[sign] == COLON
    else:
        join = _JOIN.match(text, sign)
        end, colon = (join.end(), join.group() == b":") if join else (joined, False)
    at = skip_blanks(text, end)
    quoted_key = name_end < len(text) and text[name_end] in b"\\\"'`"
    at = _onto_next_line(text, at, quoted_key=quoted_key)
    following = text[at : at + 1]
    rule = rule_for(name, plural=following in {b"[", b"{", b"("})
    if rule is None:
        return
    if following in {b"[", b"{"} and (quoted_key or text[at + 1 : at + 2] in {b'"', b"'", b"\\", b"{", b"["}):
        yield from ((low, high, rule) for low, high in scalars_in(text, at, quoted_keys=quoted_key))
        return
    if rule.id == "key-authorization":
        yield from authorization_in(text, at, rule)
        return
    if rule.id == "key-cookie":
        yield from cookies_in(text, at, rule)
        return
    value = value_at(text, at)
    if value is None:
        return
    own_name = name.rpartition(b".")[2] == text[value.start : value.end] and text[at - 1 : at] == b" "
    if own_name and not value.quoted:  # `self.password = password` is code
        return
    style = Style.QUOTED if value.quoted else Style.COLON if colon and not quoted_key else Style.EQUALS
    yield from _judged(text, rule, value, style)


def _onto_next_line(text: bytes, at: int, *, quoted_key: bool) -> int:
    """Where the value is when it starts one line down: printed JSON, a YAML block, a continued command."""
    if at < len(text) and text[at] not in b"\r\n|>\\":
        return at
    jump = _NEXT_LINE.match(text, at, min(len(text), at + 256))
    if jump is None:
        return at
    block = text[at] in b"|>\\" or (
        quoted_key and text[jump.end() : jump.end() + 1] in {b'"', b"'", b"[", b"{"}
    )
    return jump.end() if block else at


def _called(text: bytes, start: int, name: bytes, name_end: int, joined: int) -> Iterator[Hit]:
    """`("x-api-key", "value")`, `setPassword("value")`, `["token", "value"]`."""
    rule = rule_for(name)
    quote = joined - 1
    while text[quote - 1] == BACKSLASH:
        quote -= 1
    value = value_at(text, quote)
    if rule is None or value is None or not value.quoted:
        return
    if rule.id == "key-authorization":
        yield from authorization_in(text, quote, rule)
        return
    if rule.id == "key-cookie":
        yield from cookies_in(text, quote, rule)
        return
    content = text[value.start : value.end]
    around = text[max(0, start - 12) : start].rstrip(b" \"'\\\t")[-1:]
    closing = text[value.end : value.end + 40].lstrip(b"\\\"'` \t\r\n,")[:1]
    pair = around in {b"[", b"("} and closing in {b"]", b")"}
    call = b"(" in text[name_end:joined]
    named = rule_for(content.strip()) is not None or (
        normalised(content) == content and not any(c in DIGITS for c in content)
    )
    word = content.isalpha() and (content.islower() or content.isupper() or content.istitle())
    if (pair and rule_for(content.strip()) is None) or call or (not named and not word):
        yield from _judged(text, rule, value, Style.QUOTED)


def _spaced(text: bytes, name: bytes, name_end: int) -> Iterator[Hit]:
    """`password "value"`, as Gradle and netrc write it. A quoted word after `secret` or `token` is a name."""
    rule = rule_for(name.strip(b"-"))
    value = value_at(text, name_end)
    if rule is not None and rule.id == "key-password" and value is not None and value.quoted:
        yield from _judged(text, rule, value, Style.QUOTED)


def _judged(text: bytes, rule: Rule, value: Value, style: Style) -> Iterator[Hit]:
    # Behind the end of the line another sentence begins.
    following = text[value.end : value.end + 2].partition(b"\n")[0]
    more = following.strip(b" \t\r") != b"" or following[:1] in {b" ", b"\t"}
    if is_secret(rule, text[value.start : value.end], style, more_follows=more):
        yield value.start, value.end, rule


LOOKS = (
    Look(
        rb"(?i)(?:" + _HINTS + rb")[\w.$-]*(?:[ ](?:" + _SECOND + rb"))?"
        rb"(?:\[\])?(?:\\*[\"'`])?\]?"
        rb"(?:\)=\(|[ \t]*(?:[=:]|[!?.+~]=|\|\|?=|->|<-|[,( \t][ \t]*[bru]?\\*[\"']))",
        keyed_hits,
    ),
    Look(
        rb"(?i)--?[\w-]*(?:" + _HINTS + rb")[\w-]*[ \t]|\b(?:ENV|ARG|setenv|login)[ \t]|\bidentified[ ]",
        worded_hits,
    ),
)

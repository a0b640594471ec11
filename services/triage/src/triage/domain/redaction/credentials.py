"""What an Authorization or Cookie header holds: schemes, parameters and names stay, values go."""

import base64
from collections.abc import Iterator

from triage.domain.redaction.looks import Look
from triage.domain.redaction.rule import Hit, Rule, compiled
from triage.domain.redaction.rules.structures import BASIC, BEARER
from triage.domain.redaction.signs import DIGITS, SEMICOLON
from triage.domain.redaction.values import LONGEST, line_end, skip_blanks, unquoted_end, value_at
from triage.domain.redaction.worth import Style, is_nothing, is_secret

_GAP = rb"(?:[ \t]|\\t|%20|\+|:[ \t]?)"
_SCHEME = compiled(
    rb"(?i)(?:bearer|basic|digest|token|negotiate|ntlm|api-?key|key|oauth|ssws|splunk|hawk|jwt|dpop|sapisidhash|genie-?key|zoho-oauthtoken|bot|client-id|aws4-hmac-sha256|aws|sharedkey(?:lite)?|signature|mac|hmac[\w-]*|sso-key|discogs|goog[\w-]*)"
    + _GAP
    + rb"{1,8}"
)
_OTHER_SCHEME = compiled(rb"[A-Za-z][\w-]{1,30}[ \t]{1,4}")
_OPAQUE = compiled(rb"(?i)bearer|basic|negotiate|ntlm")
_PARAMETERS = compiled(rb"[\w-]{1,40}=\\{0,15}[^=\s]")
_PARAMETER = compiled(rb"([\w-]{1,40})=(\\{0,15}\"?)([^\s\",;\\&]+)")
_STAYS = frozenset(
    b"realm algorithm qop signedheaders opaque nc uri stale charset oauth_version version"
    b" headers keyid".split()
)
_BEARER = compiled(rb"(?i)\bbearer" + _GAP + rb"{1,8}(?:\\{0,15}[\"'])?[0-9A-Za-z._~+/=!@#$%^&*|-]{4,}")
_BASIC = compiled(rb"(?i)\bbasic" + _GAP + rb"{1,8}[0-9A-Za-z+/_-]{6,}={0,2}")
_COOKIE = compiled(rb"[ \t]*([\w!#$%&*+.^|~-]{1,128})=(\"?)([^;\s\"'\\,<]*)")
_MOST_FLAGS = 8
"""Attributes without a value in a row. A line full of cookies that are none would be read anew from each."""
_ATTRIBUTE = frozenset(
    b"path domain expires max-age samesite httponly secure version priority comment partitioned".split()
)


def authorization_in(text: bytes, at: int, rule: Rule) -> Iterator[Hit]:
    """The credentials of an Authorization header's value, which starts at `at`."""
    value = value_at(text, at)
    if value is None:
        return
    limit = value.end if value.quoted else line_end(text, value.start)
    scheme = _SCHEME.match(text, value.start, limit)
    start = skip_blanks(text, scheme.end()) if scheme else value.start
    if start >= limit:
        return
    if scheme and not _OPAQUE.match(scheme.group()) and _PARAMETERS.match(text, start, limit):
        yield from _parameters(text, start, limit, rule)
        return
    end = limit if value.quoted else min(limit, unquoted_end(text, start))
    content = text[start:end]
    if scheme:
        if not is_nothing(content) and (
            value.quoted or is_secret(BEARER, content, Style.COLON, more_follows=False)
        ):
            yield start, end, rule
        return
    other = _OTHER_SCHEME.match(text, value.start, limit)
    if other and not value.quoted:
        second = text[other.end() : unquoted_end(text, other.end())]
        if not second:  # a placeholder stands there
            return
        if any(byte in DIGITS for byte in second) and len(second) >= 8 and b"=" not in second[:-2]:  # noqa: PLR2004
            yield other.end(), other.end() + len(second), rule
            return
    if content[:1] != b"/" and is_secret(
        rule, content, Style.QUOTED if value.quoted else Style.COLON, more_follows=limit > end
    ):
        yield start, end, rule


def _parameters(text: bytes, at: int, limit: int, rule: Rule) -> Iterator[Hit]:
    """`Credential=..., Signature=...` and `username="jo", response="..."`."""
    while parameter := _PARAMETER.match(text, at, limit):
        name = parameter.group(1).lower()
        low, high = parameter.span(3)
        if name not in _STAYS and high > low and not is_nothing(text[low:high]):
            yield low, high, rule
        at = high
        while at < limit and text[at] in b'\\"':
            at += 1
        if text[at : at + 1] != b",":
            return
        at = skip_blanks(text, at + 1)


def cookies_in(text: bytes, at: int, rule: Rule) -> Iterator[Hit]:
    """The values of a Cookie or Set-Cookie header, which starts at `at`."""
    value = value_at(text, at)
    if value is None:
        return
    limit = value.end if value.quoted else line_end(text, value.start)
    place, any_pair = value.start, False
    while place < limit and (pair := _COOKIE.match(text, place, limit)):
        any_pair = True
        low, high = pair.span(3)
        if pair.group(1).lower() not in _ATTRIBUTE and high > low and not is_nothing(text[low:high]):
            yield low, high, rule
        place = _next_pair(text, high, limit)
    if not any_pair and b"<~" not in text[value.start : value.end]:
        content = text[value.start : value.end]
        style = Style.QUOTED if value.quoted else Style.COLON
        if is_secret(rule, content, style, more_follows=text[value.end : value.end + 1] == b" "):
            yield value.start, value.end, rule


def _next_pair(text: bytes, at: int, limit: int) -> int:
    """Past the separator and the attributes without a value; `limit` where the list is over."""
    flags = 0
    while at < limit and flags <= _MOST_FLAGS:
        if text[at] in b"\"' ":
            at += 1
            continue
        if text[at] != SEMICOLON:  # a semicolon
            return limit
        at = skip_blanks(text, at + 1)
        if _COOKIE.match(text, at, limit):
            return at
        stop = text.find(b";", at, limit)
        if stop < 0:
            return limit
        at, flags = stop, flags + 1
    return limit


def bearer_hits(text: bytes) -> Iterator[Hit]:
    """`Bearer ...` wherever it stands."""
    for found in _BEARER.finditer(text):
        start = found.start() + len(_SCHEME.match(text, found.start()).group())
        while text[start : start + 1] in {b"\\", b'"', b"'"}:
            start += 1
        end = min(unquoted_end(text, start), start + LONGEST)
        content = text[start:end]
        digits = sum(byte in DIGITS for byte in content)
        if (digits or len(content) >= 20) and b"=" not in content[:4] and not is_nothing(content):  # noqa: PLR2004
            yield start, end, BEARER


def basic_hits(text: bytes) -> Iterator[Hit]:
    """`Basic ...` wherever it stands."""
    for found in _BASIC.finditer(text):
        start = found.start() + len(_SCHEME.match(text, found.start()).group())
        if _is_pair(text[start : found.end()]):
            yield start, found.end(), BASIC


def _is_pair(content: bytes) -> bool:
    """Whether Base64 holds `user:password`, which no word after "Basic" does by chance."""
    padded = content.rstrip(b"=") + b"=" * (-len(content.rstrip(b"=")) % 4)
    try:
        decoded = base64.b64decode(padded, altchars=b"-_" if b"-" in padded or b"_" in padded else None)
    except ValueError:
        return False
    return b":" in decoded and all(byte >= 0x20 for byte in decoded)  # noqa: PLR2004 - no control character


LOOKS = (
    Look(rb"(?i)\bbearer" + _GAP, bearer_hits),
    Look(rb"(?i)\bbasic" + _GAP, basic_hits),
)

"""Credentials in addresses: passwords before the host, and webhooks, which are passwords."""

from collections.abc import Iterator

from triage.domain.redaction.chance import looks_random
from triage.domain.redaction.looks import Look
from triage.domain.redaction.rule import Hit, compiled
from triage.domain.redaction.rules.structures import URL_PARAMETER, URL_PASSWORD, WEBHOOK
from triage.domain.redaction.signs import DIGITS
from triage.domain.redaction.worth import is_nothing

_USERINFO = compiled(rb"://[^\s/:@\"'<>?#]{0,256}:[^\s\"'<>]+@|://[^\s/:@\"'<>?#]{8,512}@")
_NOT_PASSWORD = compiled(rb"[0-9]{1,5}(?:[/?#,]|\z)|//")
_IN_QUERY = rb"[?&#](?:code|key|sig|auth|pw|ticket|nonce|otp|hash|hmac|k)="
_PARAMETER = compiled(_IN_QUERY + rb"[0-9A-Za-z_.~%/+-]{8,}={0,2}")
_DRIVER = compiled(rb"\b[\w.-]{1,64}:([^\s@:/\"']{1,128})@(?:tcp|tcp6|unix)\(")
_ORACLE = compiled(
    rb"(?i)\b(?:sqlplus|jdbc:oracle:(?:thin|oci):|userid=)[ ]?[\w$]{1,64}/([^\s@\"'/]{1,128})@"
)
_WEBHOOK = compiled(
    rb"(?i)(?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/|(?:discord|discordapp)\.com/api/(?:v\d+/)?webhooks/"
    rb"|[\w.-]{1,60}\.webhook\.office\.com/webhookb2/|outlook\.office\.com/webhook/|hooks\.zapier\.com/hooks/catch/"
    rb"|[\w.-]{1,60}\.logic\.azure\.com(?::443)?/workflows/|chat\.googleapis\.com/v1/spaces/|api\.telegram\.org/bot"
    rb"|maker\.ifttt\.com/(?:trigger|use)/|hooks\.nabu\.casa/|open\.(?:feishu|larksuite)\.(?:cn|com)/open-apis/bot/v2/hook/"
    rb"|qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=|oapi\.dingtalk\.com/robot/send\?access_token=)"
    rb"[0-9A-Za-z_./:@%?=&-]{8,512}"
)
_HEAD = compiled(
    rb"(?i)(?:services|workflows|triggers|webhooks|webhookb2|webhook|catch|spaces|trigger|use|hook|casa|bot)(?:/|\z)|[?]"
)


def userinfo_hits(text: bytes) -> Iterator[Hit]:
    """Passwords, and lone tokens, before the @ of an address."""
    for found in _USERINFO.finditer(text):
        yield from _userinfo(text, found.start() + 3, found.end() - 1)


def webhook_hits(text: bytes) -> Iterator[Hit]:
    """What of a webhook's address admits."""
    for found in _WEBHOOK.finditer(text):
        head = _HEAD.search(text, found.start(), found.end())
        yield (head.end() if head else found.start()), found.end(), WEBHOOK


def parameter_hits(text: bytes) -> Iterator[Hit]:
    """Codes and keys in a query."""
    for found in _PARAMETER.finditer(text):
        value = found.group().partition(b"=")[2]
        if any(byte in DIGITS for byte in value) and not value.isdigit():
            yield found.end() - len(value), found.end(), URL_PARAMETER


def driver_hits(text: bytes) -> Iterator[Hit]:
    """Passwords in the addresses that drivers of databases have of their own."""
    for expression in (_DRIVER, _ORACLE):
        for found in expression.finditer(text):
            yield *found.span(1), URL_PASSWORD


def _userinfo(text: bytes, start: int, end: int) -> Iterator[Hit]:
    content = text[start:end]
    user, colon, password = content.partition(b":")
    if not colon:
        if looks_random(user):
            yield start, end, URL_PASSWORD
        return
    if _NOT_PASSWORD.match(password) or is_nothing(password) or b"://" in password:
        # `host:8080/path?mail=a@b` is no userinfo; a second address in the same word is its own.
        second = password.rfind(b"://")
        if second >= 0 and b":" in password[second + 3 :]:
            yield from _userinfo(text, start + len(user) + 1 + second + 3, end)
        return
    yield start + len(user) + 1, end, URL_PASSWORD


LOOKS = (
    Look(rb"://[^\s/:@\"'<>?#]*[:@]", userinfo_hits),
    Look(
        rb"(?i)hook|\.logic\.azure\.com|chat\.googleapis\.com|api\.telegram\.org|maker\.ifttt\.com|robot/send",
        webhook_hits,
    ),
    Look(_IN_QUERY, parameter_hits),
    Look(rb"@(?:tcp|unix)|(?i)sqlplus|jdbc:oracle|userid=", driver_hits),
)

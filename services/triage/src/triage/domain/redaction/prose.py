"""Secrets in sentences: `password is ...`, `Incorrect API key provided: ...`, `session id ... not found`."""

from collections.abc import Iterator

from triage.domain.redaction.chance import looks_random
from triage.domain.redaction.looks import Look
from triage.domain.redaction.rule import Hit, compiled
from triage.domain.redaction.rules.structures import SENTENCE
from triage.domain.redaction.signs import DIGITS
from triage.domain.redaction.values import value_at
from triage.domain.redaction.worth import is_nothing

_SECRETS = (
    rb"(?i)\b(?:password|passphrase|passcode|pass phrase|pin"
    rb"|otp|one[- ]time (?:code|password)"
    rb"|(?:verification|security|auth(?:entication|orization)?) code"
    rb"|(?:api|access|secret|private|license)[ _-]?key|secret"
    rb"|(?:access |refresh |auth |bearer |session |api |id )?token|credentials?)"
)
_TOLD = compiled(
    _SECRETS + rb"(?:[ ](?:for|of)[ ][^\s:]{1,60}(?:[ ][^\s:]{1,40})?)?"
    rb"[ ](?:is|was|provided|received|given|used|entered|supplied|(?:re)?set to"
    rb"|changed to)(?:[ ]now)?[ ]?[:=]?[ ]"
)
_TOKENS = (
    rb"(?i)\b(?:session[ _-]?id|(?:access|refresh|auth|bearer|session|api|id|csrf"
    rb"|invalid|expired|bad|unknown|revoked)[ _-]token|token|jwt|api[ _-]?key|cookie)[ ]"
)
_NAMED = compiled(_TOKENS + rb"(?:id[ ])?[\"'`(<\[]?[0-9A-Za-z+/=_.-]{8,}")
_FEWEST = 4
_FEWEST_DIGITS = 6
_SHORT_TOKEN = 8
_QUOTES = b"\"'`"


def told_hits(text: bytes) -> Iterator[Hit]:
    """`password is ...`. Only what no word of a sentence looks like counts."""
    for found in _TOLD.finditer(text):
        value = value_at(text, found.end())
        if value is None:
            continue
        content = text[value.start : value.end]
        if not is_nothing(content) and (_odd(content) or (value.quoted and len(content) >= _FEWEST)):
            yield value.start, value.end, SENTENCE


def named_hits(text: bytes) -> Iterator[Hit]:
    """`session id ... not found`."""
    for found in _NAMED.finditer(text):
        whole = found.group()
        content = whole[whole.rindex(b" ") + 1 :].lstrip(b"\"'`(<[").rstrip(b".")
        start = found.end() - len(whole) + whole.rindex(content) if content else found.end()
        quoted = text[start - 1 : start] in {b'"', b"'", b"`"}
        if content[:2] == b"0x":  # a handle of 64 bits, such as ZooKeeper's, admits nobody
            continue
        if looks_random(content) or (quoted and len(content) >= _SHORT_TOKEN and _mixed(content)):
            yield start, start + len(content), SENTENCE


def _odd(value: bytes) -> bool:
    digits = sum(byte in DIGITS for byte in value)
    if digits == len(value):
        return digits >= _FEWEST_DIGITS
    return (
        len(value) >= _FEWEST and (digits > 0 or not value.replace(b"-", b"").isalpha()) and value.isascii()
    )


def _mixed(value: bytes) -> bool:
    return (
        any(byte in DIGITS for byte in value)
        and any(chr(byte).isalpha() for byte in value)
        and b"." not in value
    )


LOOKS = (Look(_SECRETS + rb"[ ]", told_hits), Look(_TOKENS, named_hits))

"""Whether the value beside a secret's name is a secret, or a mask, a count, a template or a sentence."""

from enum import Enum

from triage.domain.redaction.chance import looks_random
from triage.domain.redaction.rule import Rule, compiled
from triage.domain.redaction.signs import ALNUM, DIGITS


class Style(Enum):
    """How a key and its value are joined; the looser the join, the more a value must look like one."""

    QUOTED = "quoted"
    EQUALS = "equals"
    COLON = "colon"


_NOTHING = frozenset(
    b"null none nil undefined true false yes no on off n/a na unknown empty missing absent"
    b" present set unset required disabled enabled invalid expired revoked"
    b"optional redacted hidden masked filtered removed scrubbed sanitized string str text bool"
    b" int integer number"
    b" object array list dict bytes function await new".split()
)
_SENTENCE = frozenset(
    b"incorrect invalid failed fail failure required expired missing wrong must cannot is not"
    b" was has are empty too"
    b"mismatch mismatched changed change reset denied accepted rejected error errors"
    b" authentication for from the an"
    b"has_expired check checking please enter unable could bad no unexpected unknown"
    b" unsupported disabled enabled ok"
    b"success successful successfully revoked refresh refreshed refreshing started stopped"
    b" starting stopping user"
    b"connection timeout unauthorized forbidden malformed absent validation verification"
    b" verified updated created"
    b"deleted generated issued received sent using used will should may can this that your"
    b" access permission basic"
    b" bearer digest negotiate kerberos login logged header format length blank weak short long".split()
)
_MASK = compiled(
    rb"\A(?:[*\xe2\x80\xa2.#_-]{2,}|[xX-]{2,64}|0{8}-(?:0{4}-){3}0{12}|&(?:[a-z]{2,6}|#[0-9a-fx]{1,5});?|[\[<({]{0,2}(?i:redacted|filtered|masked|hidden|removed|\*+)[\])}>]{0,2})\z"
)
_MAY_STAND_FOR = frozenset(b"*\xe2\x80\xa2.#_-xX&[<({rRfFmMhH$%:?!0@")
"""How a mask, a template or a placeholder starts."""
_SIGNED = DIGITS | frozenset(b"+-")
_TEMPLATE = compiled(
    rb"\A(?:\$\{[^}]{0,200}\}|\{\{.{0,200}\}\}|\$\{\{.{0,200}\}\}|%\(?\w{0,40}\)?[sdr]"
    rb"|:\w{1,40}|\$[0-9]{1,2}|\$[A-Z_][A-Z0-9_]*|\?|\{[a-z_.]{0,40}\}|<%.{0,200}%>"
    rb"|<[A-Za-z][A-Za-z _.-]{0,40}>|\[[A-Z][A-Z _.-]{1,40}\]|\$\(.{0,200}\)|\$\([\w./-]{1,40}"
    rb"|#\{[^}]{0,200}\}|%[A-Z_]{2,40}%|@[A-Z_]{2,40}@|__[A-Z_]{2,40}__"
    rb"|!(?:Ref|Sub|GetAtt|ImportValue|vault|secret|env_var|ENV)"
    # Markup that a quote cut short, and the selector of a field.
    rb"|<[A-Za-z][\w:.-]{0,60}[ ][\w:.-]{1,60}=\\{0,31}"
    rb"|#(?:[a-z]{1,40}-){1,8}(?:password|passwd|pwd|token|key|secret|code|field|input|form|button|btn))\z"
)
_PLACEHOLDERS = compiled(rb"\A(?:<~+>[\s,;:.&|=-]*)+\z")
_NUMBER = compiled(rb"\A[+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?(?:ms|s|m|h|d|us|ns|kb|mb|gb|b|%)?\z")
_HANDLE = compiled(rb"\A0x[0-9a-fA-F]{1,16}\z")
_WORDS = compiled(rb"\A[a-z][a-z_-]*\z")
_PLAIN = compiled(rb"\A[A-Za-z]+\z")
_CODE = compiled(
    rb"\A[A-Za-z_][\w.]*(?:\([^'\"]*\)?;?|\[(?:[\"'][\w.-]*)?)\z|\A(?:self|this|settings|config|request|os|process"
    rb"|args|params|options)\.[A-Za-z_][\w.]*\z"
)
_FEWEST_DIGITS = {
    "key-phone": 7,
    "key-government-id": 5,
    "key-account-number": 8,
    "key-session": 1,
    "key-code": 3,
}
_WORTHY = 3
_COUNTABLE = 4
"""Digits from which a number beside a secret's name is no longer a count."""


def is_nothing(value: bytes) -> bool:
    """Whether a value is a mask, a template, a placeholder of ours or a word for nothing."""
    bare = value.strip(b" \t")
    return (
        not bare
        or (len(bare) < _WORTHY and not any(byte in ALNUM or byte > 0x7F for byte in bare))  # noqa: PLR2004 - not ASCII
        or bare.lower() in _NOTHING
        or (
            bare[0] in _MAY_STAND_FOR
            and (
                _MASK.search(bare) is not None
                or _TEMPLATE.search(bare) is not None
                or _PLACEHOLDERS.search(bare) is not None
            )
        )
    )


def is_secret(rule: Rule, value: bytes, style: Style, *, more_follows: bool) -> bool:
    """Whether to redact `value`, which stands beside a key that `rule` claims."""
    if is_nothing(value) or (style is not Style.QUOTED and _is_code(value)):
        return False
    if rule.validator == "random":
        return looks_random(value)
    if rule.id == "key-session" and _HANDLE.search(value):
        return False
    # In quotes a password with a letter is no number, even if it reads like a duration.
    lettered = rule.id == "key-password" and style is Style.QUOTED and value.lower() != value.upper()
    if rule.id in _FEWEST_DIGITS or (not lettered and _is_number(value)):
        return _enough_digits(rule, value, style)
    if style is Style.COLON and _is_prose(rule, value, more_follows=more_follows):
        return False
    doubtful = rule.id == "key-session" or (rule.id == "key-auth" and style is not Style.QUOTED)
    return not (doubtful and _WORDS.search(value))


def _is_number(value: bytes) -> bool:
    return value[0] in _SIGNED and _NUMBER.search(value) is not None


def _is_code(value: bytes) -> bool:
    return any(sign in value for sign in (b"(", b"[", b".")) and _CODE.search(value) is not None


def _enough_digits(rule: Rule, value: bytes, style: Style) -> bool:
    """Whether a number is too long for a count, and what is made of digits has as many as its kind."""
    digits = sum(byte in DIGITS for byte in value)
    fewest = _FEWEST_DIGITS.get(rule.id)
    if fewest is not None and not (rule.id == "key-session" and _is_number(value)):
        return digits >= fewest
    longer = 2 if style is Style.COLON and rule.id != "key-password" else 0
    return digits >= _COUNTABLE + longer


def _is_prose(rule: Rule, value: bytes, *, more_follows: bool) -> bool:
    """Whether what follows `token: ` is the start of a sentence."""
    if value.rstrip(b".,;:!").lower() in _SENTENCE:
        return True
    if rule.id == "key-auth" and not looks_random(value):
        return True
    if rule.id == "key-credentials" and _WORDS.search(value):
        return True
    return rule.id != "key-password" and more_follows and _PLAIN.search(value) is not None

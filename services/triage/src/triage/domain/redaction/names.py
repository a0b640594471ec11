"""Which names of keys mark their value as secret, whatever case and separators they are written in."""

from functools import lru_cache

import re2

from triage.domain.redaction.rule import Rule, compiled
from triage.domain.redaction.rules.keys import HARMLESS, KEYS

_CAMEL = compiled(rb"[a-z0-9][A-Z]|[A-Z][A-Z][a-z]")
_HARMLESS = compiled(HARMLESS.encode())
_LONGEST = 120


def _expressions() -> "tuple[tuple[re2._Regexp, Rule], ...]":
    return tuple((compiled(rule.pattern.encode()), rule) for rule in KEYS)


_RULES = _expressions()


def normalised(name: bytes) -> bytes:
    """`xAuthToken`, `X-Auth-Token` and `x.auth.token` are all `x_auth_token`."""
    pieces, done, at = [], 0, 0
    while hump := _CAMEL.search(name, at):
        cut = hump.start() + 1
        pieces.append(name[done:cut])
        done = at = cut
    pieces.append(name[done:])
    spaced = b"_".join(pieces).lower()
    return bytes(byte if 97 <= byte <= 122 or 48 <= byte <= 57 else 95 for byte in spaced).strip(b"_")  # noqa: PLR2004


@lru_cache(maxsize=4096)
def rule_for(name: bytes, *, plural: bool = False) -> Rule | None:
    """The rule that claims a key, or None. `plural`: it holds a list, so that `tokens` is no count."""
    if not name or len(name) > _LONGEST:
        return None
    plain = normalised(name)
    if _HARMLESS.search(plain) and not (plural and plain.endswith(b"tokens")):
        return None
    squashed = plain.replace(b"__", b"_")
    for expression, rule in _RULES:
        if expression.search(squashed):
            return rule
    return None

"""The scalars inside an object or list that stands under a secret's name."""

from collections.abc import Iterator

from triage.domain.redaction.rule import compiled
from triage.domain.redaction.signs import NEWLINE
from triage.domain.redaction.values import quoted
from triage.domain.redaction.worth import is_nothing

_FARTHEST = 4_096
_DEEPEST = 32
_PART = compiled(rb"[\[\]{}\n]|\\{0,31}[\"']|-?[0-9][0-9.eE+-]*")
_NAMES_A_VALUE = compiled(rb"[ \t]*:")
_DESCRIPTIVE = compiled(
    rb"(?i)\A(?:scheme|type|kind|name|key|expires?\w*|exp|iat|nbf|status|count|issuer|algorithm|alg|realm|id_type|created\w*|updated\w*)\z"
)
_SCHEME = compiled(rb"(?i)\A(?:bearer|basic|digest|token|negotiate|ntlm|apikey)\z")


def scalars_in(  # noqa: C901 - one small state machine reads better whole
    text: bytes, at: int, *, quoted_keys: bool
) -> Iterator[tuple[int, int]]:
    """Strings, and numbers long enough to be secrets, in the brackets that open at `at`.

    Names of fields stay, and so do fields that only describe (`scheme`, `type`, `expires_in`).
    """
    limit = min(len(text), at + _FARTHEST)
    depth, place, name = 0, at, b""
    while part := _PART.search(text, place, limit):
        place = part.end()
        sign = text[place - 1]
        if sign in b"[{":
            depth += 1
            if depth > _DEEPEST:
                return
        elif sign in b"]}":
            depth -= 1
            if depth <= 0:
                return
        elif sign in b"\"'":
            slashes = part.end() - part.start() - 1
            value = quoted(text, part.end(), depth=slashes, quote=text[place - 1 : place])
            place = min(limit, value.end + slashes + 1)
            content = text[value.start : value.end]
            if _NAMES_A_VALUE.match(text, place):
                name = content
                continue
            if not _DESCRIPTIVE.search(name) and not _SCHEME.search(content) and not is_nothing(content):
                yield value.start, value.end
            name = b"" if text[place : place + 1] != b"," else name
        elif sign != NEWLINE and part.end() - part.start() >= 4 and not _DESCRIPTIVE.search(name):  # noqa: PLR2004
            yield part.start(), part.end()
        elif sign == NEWLINE and not quoted_keys:
            return

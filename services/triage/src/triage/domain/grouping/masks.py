"""A message to its signature: what changes from one occurrence to the next becomes `<*>`.

Only shapes that are variable in any log at all are masked here: numbers, ids,
addresses, paths, times, hosts. Plain words wait for the evidence of `merging`.
"""

import re
from typing import Final

HOLE: Final = "<*>"

_DAY: Final = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_TLD: Final = (
    r"(?:com|net|org|edu|gov|mil|arpa|info|biz|io|dev|cn|hk|tw|jp|kr|de|uk|fr|ru|br|nl|pl|eu|au|ca|ch"
    r"|se|cz|mx|ar|tr|il"
    r"|za|vn|th|local|internal|lan|svc)"
)

# Order matters: whole shapes before the numbers inside them. Every repetition is bounded or over one class.
_SHAPES: Final = re.compile(
    # What the redactor put in the place of a value: `<EMAIL_1>`.
    r"<[A-Z][A-Z0-9_]{1,40}>"
    r"|\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
    rf"|\b{_DAY},? (?:{_MONTH} {{1,2}}\d{{1,2}}"
    rf"|\d{{1,2}} {_MONTH})(?:,? \d{{4}})? \d\d:\d\d:\d\d(?: [A-Z]{{3,4}})?(?: \d{{4}})?"
    r"|\b(?:[0-9a-fA-F]{2}[:-]){5,19}[0-9a-fA-F]{2}\b"
    r"|\b(?:[a-z][a-z0-9+.]{1,12}:/{1,3})[^\s,;)\]}\"'>]+"
    r"|(?<![\w.])[A-Za-z]:\\[^\s,;\"'|]+"
    r"|(?<![\w.)/\]])~?(?:/[\w.$@%+~=&?#:*-]+){2,}/?(?:[:-]?\d+)?"
    r"|\b(?:[\w-]{1,63}\.){1,8}" + _TLD + r"\b(?![.\w(])"
    r"|\b0[xX][0-9a-fA-F]+\b"
    # Hexadecimal without a prefix: long enough, or with a digit among its letters, or behind an `@`.
    r"|(?<![\w-])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b"
    r"|(?<![A-Za-z0-9-])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{6,}\b"
    r"|(?<![A-Za-z0-9-])(?=[A-F]*\d)(?=\d*[A-F])[0-9A-F]{6,}\b"
    r"|(?<=[\w\])]@)[0-9a-f]{3,16}\b"
    # An axis and its direction.
    r"|(?<=\s)[xyz][+-](?=\s)"
    # Sizes and very short times carry their unit, which changes with them.
    r"|(?:(?<![\w.])[-+]?|<)\d[\d.,]*\s?(?:[KMGTkmgt]i?B|[Bb](?=[\s,;)\]]|$)|[kKMG](?=[\s,;)\]]|$))"
    r"|(?<=\s)\*{3,5}(?=\s)"
    r"|<\d+ ?(?:secs?|ms|s)\b"
    r"|(?<![A-Za-z0-9])[-+]?\d[0-9A-Za-z]*"
    r"|\d+"
)
_BOOLEAN: Final = re.compile(r"(?<=[=:(])( ?)(?:true|false|null|True|False|None|TRUE|FALSE|NULL|nil)\b")
_QUOTED: Final = re.compile(
    r"\"(?!(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\b)(?=[^\"]{0,200}\s)[^\"]{1,400}\""
)
_USER: Final = re.compile(r"\b([Uu]ser) ([^\s,;:'\"\[(<]+)")
_CLASS: Final = re.compile(r"\b(?:[a-z_]\w+\.){3,}[A-Z][\w$]*(?<!Exception)(?<!Error)\b")
# Numbers that stand in a row are one thing of varying length: an address, a version, a list.
_RUN: Final = re.compile(r"<\*>(?:(?:[:.,/@#|x_+-]{1,2}|, ?|; ?|\s{1,3})<\*>)+")
_STUCK: Final = re.compile(r"<\*>(?:<\*>)+")
_EMPTY: Final = re.compile(r"(?<=\s)\(\)")
# A hole and what is stuck to it by dots, dashes or underscores is one identifier or one host.
_GLUED: Final = re.compile(r"(?<![\w.$~<*>-])[\w.$~<*>-]*<\*>[\w.$~<*>-]*")
# `policy=3, tag="View Lock", name=phone,`: a dump of fields, of which only the names are fixed.
_LISTED_VALUE: Final = re.compile(r"(?<==)[^\s,=;]+(?=,)")
_LISTED: Final = 3
_ZEROS: Final = str.maketrans("123456789", "0" * 9)
# A hash, an id of a trace or a UUID, once its digits are zeros. It begins with a class of characters rather
# than with what may not stand before it, because a search skips faster to such a beginning.
_LONG_HEX: Final = re.compile(
    r"[0a-f](?<![\w-].)(?:[0a-f]{7}-[0a-f]{4}-[0a-f]{4}-[0a-f]{4}-[0a-f]{12}"
    r"|(?:(?<=[a-f])|(?=0*[a-f]))[0a-f]{7,})\b"
)
# Nine, since eight and what follows them might now look like a UUID.
_ANY_HEX: Final = "a0a0a0a0a"
_MANY: Final = 2
_LONG: Final = 14
_TAIL: Final = re.compile(r"[.,;:!)\]}'\"]*$")


def flattened(message: str) -> str:
    """All that a signature depends on: every digit a zero, every long hexadecimal the same.

    Few messages are new by that measure, so signatures are worth keeping by it.
    """
    return _LONG_HEX.sub(_ANY_HEX, message.translate(_ZEROS))


def signature(message: str) -> str:
    """One line, white space folded, variable shapes replaced by `<*>`."""
    text = flattened(message)
    if '"' in text:
        text = _QUOTED.sub('"<*>"', text)
    if "." in text:
        text = _CLASS.sub(HOLE, text)
    text = _SHAPES.sub(HOLE, text)
    if "ser " in text:
        text = _USER.sub(r"\1 <*>", text)
    if "=" in text or ":" in text or "(" in text:
        text = _BOOLEAN.sub(r"\1<*>", text)
    if text.count("=") >= _LISTED and text.count(",") >= _LISTED:
        text = _LISTED_VALUE.sub(HOLE, text)
    if "><" in text:
        text = _STUCK.sub(HOLE, text)
    if "()" in text:
        text = _EMPTY.sub("(<*>)", text)
    # Twice: joining numbers shows what is glued to them, ungluing shows what stands in a row.
    text = _RUN.sub(HOLE, _GLUED.sub(_unglued, _RUN.sub(HOLE, text)))
    return " ".join([_whole(token) if token.count(HOLE) >= _MANY else token for token in text.split()])


def _unglued(found: re.Match[str]) -> str:
    text: str = found.group()
    tail = "." if text.endswith(".") else ""
    rest = text.removesuffix(".").replace(HOLE, "")
    if ".." in rest or "<" in rest or ">" in rest or "*" in rest:
        return text
    # `jk2_init` is a name with a digit in it; `rdd_30_1` is a name and a number, `db-3.corp.example` a host.
    if not (text.startswith(HOLE) or text.endswith((HOLE, HOLE + "."))) and rest.count(".") < _MANY:
        return text
    return HOLE + tail if any(sign in rest for sign in "._-~") else text


def _whole(token: str) -> str:
    """An identifier made of several numbers and some letters is one variable: `attempt_<*>_m_<*>`."""
    if "=" in token or "(" in token or "[" in token or "{" in token or len(token) < _LONG:
        return token
    tail = _TAIL.search(token)
    return HOLE + (tail.group() if tail else "")

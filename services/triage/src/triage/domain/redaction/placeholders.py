"""Names for what was taken out: one value has one name for as long as a request remembers it."""

import re
from urllib.parse import quote_from_bytes

from triage.domain.redaction.rule import Rule

REMEMBERED = 2_048
"""Values whose further occurrences are looked for; past it the oldest are forgotten."""
NUMBERED = 32_768
"""Values that keep their number; past it a value that comes back gets a new one."""
_SHORTEST = 6
_COMMON = frozenset(
    b"password secret secrets token tokens default example localhost postgres production development username"
    b" administrator undefined required template internal disabled enabled".split()
)
_EDGE = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
# The same characters as _EDGE: a word ends where a value may.
_WORD = re.compile(rb"[0-9A-Za-z_]+")


class Numbering:
    """`<EMAIL_1>`, `<EMAIL_2>`, ... in the order of first sight; never derived from the value."""

    def __init__(self) -> None:
        self._names: dict[bytes, bytes] = {}
        self._counts: dict[str, int] = {}

    def name(self, value: bytes, rule: Rule) -> bytes:
        """The placeholder of a value; the first rule that found it gives the kind."""
        known = self._names.get(value)
        if known is not None:
            return known
        number = self._counts[rule.kind] = self._counts.get(rule.kind, 0) + 1
        if len(self._names) >= NUMBERED:
            del self._names[next(iter(self._names))]
        name = self._names[value] = b"<%s_%d>" % (rule.kind.encode(), number)
        return name


class Memory:
    """Values found by their context, so that they go where they stand without it, too.

    A value stands somewhere only where each of its words does, so the words of
    a text are looked up and nothing is compiled: the cost does not grow with
    what is remembered.
    """

    def __init__(self) -> None:
        self._rules: dict[bytes, Rule] = {}
        self._by_word: dict[bytes, list[bytes]] = {}

    def __len__(self) -> int:
        return len(self._rules)

    def add(self, value: bytes, rule: Rule) -> None:
        """Remember a value, and how it looks inside JSON and inside a URL."""
        if not _is_telling(value):
            return
        forms = {value, value.replace(b"\\", b"\\\\").replace(b'"', b'\\"'), quote_from_bytes(value).encode()}
        for form in forms:
            if form not in self._rules:
                if len(self._rules) >= REMEMBERED:
                    self._forget(next(iter(self._rules)))
                self._rules[form] = rule
                self._by_word.setdefault(_longest_word(form), []).append(form)

    def _forget(self, form: bytes) -> None:
        del self._rules[form]
        word = _longest_word(form)
        self._by_word[word].remove(form)
        if not self._by_word[word]:
            del self._by_word[word]

    def occurrences(self, text: bytes) -> list[tuple[int, int, Rule]]:
        """Where remembered values stand in a text as words of their own."""
        if not self._rules:
            return []
        words = self._by_word.keys() & set(_WORD.findall(text))
        out: list[tuple[int, int, Rule]] = []
        # Values without any word are filed under the empty one; there is hardly ever one.
        for word in (*words, b""):
            for form in self._by_word.get(word, ()):
                at = text.find(form)
                while at >= 0:
                    self._keep(text, at, at + len(form), out)
                    at = text.find(form, at + len(form))
        return out

    def _keep(self, text: bytes, start: int, end: int, out: list[tuple[int, int, Rule]]) -> None:
        inside = (start and text[start - 1] in _EDGE and text[start] in _EDGE) or (
            end < len(text) and text[end] in _EDGE and text[end - 1] in _EDGE
        )
        rule = self._rules.get(text[start:end])
        if rule is not None and not inside:
            out.append((start, end, rule))


def _is_telling(value: bytes) -> bool:
    """Whether a value is long and odd enough that its mere occurrence gives it away."""
    if len(value) < _SHORTEST or b"<~" in value or value.lower() in _COMMON or value.isspace():
        return False
    return len(value) >= 8 or not (value.isalpha() or value.isdigit())  # noqa: PLR2004 - shorter ones must be mixed


def _longest_word(form: bytes) -> bytes:
    """The one that says most: many values begin with the same word (`sk-...`), few share their longest."""
    return max(_WORD.findall(form), key=len, default=b"")

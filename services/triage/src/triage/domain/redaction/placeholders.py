"""Names for what was taken out: one value has one name for as long as a request remembers it."""

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable
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
# A word ends where a value may.
_APART = bytes(byte if byte in _EDGE else 32 for byte in range(256))
_SAME_EVERYWHERE = re.compile(rb"[0-9A-Za-z_.~/-]+")
_FEW = 32
"""Values that are sooner looked for one by one than by the words of a text."""
_FORMS = 3
"""Of one value: as it is, inside JSON, inside a URL."""


class Numbering:
    """`<EMAIL_1>`, `<EMAIL_2>`, ... in the order of first sight; never derived from the value."""

    def __init__(self) -> None:
        self._names: OrderedDict[bytes, bytes] = OrderedDict()
        self._counts: dict[str, int] = {}

    def name(self, value: bytes, rule: Rule) -> bytes:
        """The placeholder of a value; the first rule that found it gives the kind."""
        known = self._names.get(value)
        if known is not None:
            return known
        number = self._counts[rule.kind] = self._counts.get(rule.kind, 0) + 1
        if len(self._names) >= NUMBERED:
            self._names.popitem(last=False)
        name = self._names[value] = b"<%s_%d>" % (rule.kind.encode(), number)
        return name


class Memory:
    """Values found by their context, so that they go where they stand without it, too.

    A value stands somewhere only where each of its words does, so the words of
    a text are looked up and nothing is compiled: the cost does not grow with
    what is remembered.
    """

    def __init__(self) -> None:
        self._rules: OrderedDict[bytes, tuple[Rule, bytes]] = OrderedDict()
        """By the form of a value, with the word under which it is filed."""
        self._by_word: dict[bytes, list[bytes]] = {}

    def __len__(self) -> int:
        return len(self._rules)

    def add(self, value: bytes, rule: Rule) -> None:
        """Remember a value, and how it looks inside JSON and inside a URL."""
        if not _is_telling(value):
            return
        forms = {value}
        if not _SAME_EVERYWHERE.fullmatch(value):
            forms |= {value.replace(b"\\", b"\\\\").replace(b'"', b'\\"'), quote_from_bytes(value).encode()}
        for form in forms:
            if form in self._rules:
                continue
            if len(self._rules) >= REMEMBERED:
                self._forget()
            word = _longest_word(form)
            self._rules[form] = rule, word
            self._by_word.setdefault(word, []).append(form)

    def _forget(self) -> None:
        form, (_, word) = self._rules.popitem(last=False)
        self._by_word[word].remove(form)
        if not self._by_word[word]:
            del self._by_word[word]

    def occurrences(self, text: bytes, found: Iterable[tuple[int, int, Rule]]) -> list[tuple[int, int, Rule]]:
        """Where remembered values stand in a text as words of their own.

        Those that were `found` in it already may be left out.
        """
        out: list[tuple[int, int, Rule]] = []
        for word in self._words_in(text, found):
            for form in self._by_word.get(word, ()):
                at = text.find(form)
                while at >= 0:
                    self._keep(text, at, at + len(form), out)
                    at = text.find(form, at + len(form))
        return out

    def _words_in(self, text: bytes, found: Iterable[tuple[int, int, Rule]]) -> list[bytes]:
        """The words of remembered values that stand in a text elsewhere than in what was found."""
        if len(self._rules) <= _FEW:
            return list(self._by_word)
        # Most values stand where they were found and nowhere else, and a search for one reads the whole text.
        places: dict[bytes, set[int]] = {}
        for start, end, _ in found:
            value = text[start:end]
            _, word = self._rules.get(value, (None, b""))
            at = text.find(word, start, end)
            if word and self._is_alone(text, at, word, value):
                places.setdefault(word, set()).add(at)
        counts = Counter(filter(self._by_word.__contains__, text.translate(_APART).split()))
        # Values without any word are filed under the empty one; there is hardly ever one.
        return [*(word for word, times in counts.items() if times > len(places.get(word, ()))), b""]

    def _is_alone(self, text: bytes, at: int, word: bytes, value: bytes) -> bool:
        """Whether the word at `at` is one of a found value and of no other form that is remembered."""
        forms, end = self._by_word[word], at + len(word)
        return (
            len(forms) <= _FORMS
            and not (_joins(text, at) or _joins(text, end))
            and not any(
                form != value and form in text[max(0, at - len(form)) : end + len(form)] for form in forms
            )
        )

    def _keep(self, text: bytes, start: int, end: int, out: list[tuple[int, int, Rule]]) -> None:
        rule, _ = self._rules.get(text[start:end], (None, b""))
        if rule is not None and not _joins(text, start) and not _joins(text, end):
            out.append((start, end, rule))


def _joins(text: bytes, at: int) -> bool:
    """Whether one word goes on from before `at` to behind it."""
    return 0 < at < len(text) and text[at - 1] in _EDGE and text[at] in _EDGE


def _is_telling(value: bytes) -> bool:
    """Whether a value is long and odd enough that its mere occurrence gives it away."""
    if len(value) < _SHORTEST or b"<~" in value or value.lower() in _COMMON or value.isspace():
        return False
    return len(value) >= 8 or not (value.isalpha() or value.isdigit())  # noqa: PLR2004 - shorter ones must be mixed


def _longest_word(form: bytes) -> bytes:
    """The one that says most: many values begin with the same word (`sk-...`), few share their longest."""
    return max(form.translate(_APART).split(), key=len, default=b"")

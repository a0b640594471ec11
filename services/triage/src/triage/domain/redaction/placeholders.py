"""Names for what was taken out: one value has one name for as long as a request remembers it."""

from urllib.parse import quote_from_bytes

from triage.domain.redaction.rule import Rule, compiled

REMEMBERED = 2_048
"""Values whose further occurrences are looked for; past it the oldest are forgotten."""
NUMBERED = 32_768
"""Values that keep their number; past it a value that comes back gets a new one."""
_RECENT = 32
"""New values looked for one by one before they join the combined expression."""
_SHORTEST = 6
_COMMON = frozenset(
    b"password secret secrets token tokens default example localhost postgres production development username"
    b" administrator undefined required template internal disabled enabled".split()
)
_EDGE = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")


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
    """Values found by their context, so that they go where they stand without it, too."""

    def __init__(self) -> None:
        self._rules: dict[bytes, Rule] = {}
        self._recent: list[bytes] = []
        self._older: object = None

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
                    oldest = next(iter(self._rules))
                    del self._rules[oldest]
                self._rules[form] = rule
                self._recent.append(form)

    def occurrences(self, text: bytes) -> list[tuple[int, int, Rule]]:
        """Where remembered values stand in a text as words of their own."""
        if not self._rules:
            return []
        if len(self._recent) > _RECENT:
            self._older = compiled(b"|".join(_literal(form) for form in self._rules))
            self._recent.clear()
        out: list[tuple[int, int, Rule]] = []
        for form in self._recent:
            at = text.find(form)
            while at >= 0:
                self._keep(text, at, at + len(form), out)
                at = text.find(form, at + len(form))
        if self._older is not None:
            for found in self._older.finditer(text):  # type: ignore[attr-defined]  # re2 has no types
                self._keep(text, found.start(), found.end(), out)
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


def _literal(value: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in value)

"""Everything that the rules find in a text, each on whole blocks rather than line by line."""

from collections.abc import Iterable, Iterator, Sequence

from triage.domain.redaction import armour, beside, cells, credentials, keyed, prose, urls
from triage.domain.redaction.chance import in_base64, is_made_up
from triage.domain.redaction.looks import Look, Looks
from triage.domain.redaction.rule import Hit, Rule, compiled, compiled_set
from triage.domain.redaction.rules.structures import URL_PARAMETER, URL_PASSWORD, WEBHOOK
from triage.domain.redaction.signs import BACKSLASH, UNDERSCORE
from triage.domain.redaction.validators import VALIDATORS

_LONGEST_TOKEN = 8_192
_SHORT = 4
_CONTEXT_REACH = 160
_LONGEST_RARE = 1_024
RARE = frozenset(
    {"mac", "card", "iban", "ssn", "phone", "wallet", "hex-key", "xml-rsa", "password-hash", "facebook-app"}
    | {"terraform", "vault-first", "licence-key", "azure-secret", "mailchimp", "ipv4-dashed"}
)
"""Text rules of bounded length whose matches start at a word or with a sign of their own."""

STRUCTURES = (
    *armour.LOOKS,
    *keyed.LOOKS,
    *credentials.LOOKS,
    *urls.LOOKS,
    *beside.LOOKS,
    *cells.LOOKS,
    *prose.LOOKS,
)
"""What code finds, each with its sign."""


class _Text:
    """A rule over the text itself."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._pattern = compiled(rule.pattern.encode())
        self._context = compiled(rule.context.encode()) if rule.context else None
        self._words = [word.encode() for word in rule.keywords]
        self._accept = VALIDATORS.get(rule.validator)

    def hits(self, text: bytes) -> Iterator[Hit]:
        if self._words and not any(word in text for word in self._words):
            return
        if self._context is None:
            yield from self._between(text, 0, len(text))
            return
        done = 0
        for found in self._context.finditer(text):
            start = max(done, found.end())
            stop = text.find(b"\n", start, start + _CONTEXT_REACH)
            done = min(len(text), start + _CONTEXT_REACH) if stop < 0 else stop
            yield from self._between(text, start, done)

    def _between(self, text: bytes, start: int, end: int) -> Iterator[Hit]:
        rule, accept = self._rule, self._accept
        for found in self._pattern.finditer(text, start, end):
            extent = found.span()
            if accept is not None:
                extent = accept(text, *extent)
                if extent is None:
                    continue
            yield *extent, rule


class _Together:
    """Rules whose matches are rare, sought in one pass: one look at the text instead of one for each."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = [
            (rule, compiled(rule.pattern.encode()), VALIDATORS.get(rule.validator)) for rule in rules
        ]
        patterns = [b"(?:%s)" % rule.pattern.encode() for rule, _, _ in self._rules]
        self._any = compiled(b"|".join(patterns))
        self._which = compiled_set(patterns)

    def hits(self, text: bytes) -> Iterator[Hit]:
        at = 0
        while found := self._any.search(text, at):
            start = found.start()
            at = start + 1
            for place in self._which.Match(text[start : start + _LONGEST_RARE]):
                rule, pattern, accept = self._rules[place]
                match = pattern.match(text, start)
                extent = accept(text, start, match.end()) if accept else (start, match.end())
                if extent is not None:
                    at = max(at, extent[1])
                    yield *extent, rule


class _Prefixes:
    """All rules whose tokens start with a fixed prefix, in one expression."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        bodies = [(rule, compiled(rule.pattern.encode())) for rule in rules]
        self._by_prefix: dict[bytes, list[tuple[Rule, object]]] = {}
        for rule, body in bodies:
            for prefix in rule.keywords:
                self._by_prefix.setdefault(prefix.encode(), []).append((rule, body))
        prefixes = sorted(self._by_prefix, key=len, reverse=True)
        self._sizes: dict[bytes, list[int]] = {}
        """How long the prefixes are that begin with the same two signs, the longest first."""
        for known in prefixes:
            sizes = self._sizes.setdefault(known[:2], [])
            sizes += [] if len(known) in sizes else [len(known)]
        # A short prefix begins many words: it counts only with something token-like behind it.
        alternatives = [_escaped(p) + (b"" if len(p) > _SHORT else rb"[\w.:/+=<-]{12}") for p in prefixes]
        self._any = compiled(rb"(?:\b|\\[nrt])(?:" + b"|".join(alternatives) + b")")

    def hits(self, text: bytes) -> Iterator[Hit]:
        done = 0
        for found in self._any.finditer(text):
            start = found.start() + (2 if text[found.start()] == BACKSLASH else 0)
            if start < done:
                continue
            extent = self._longest(text, start)
            if extent is not None:
                done = extent[1]
                yield extent

    def _longest(self, text: bytes, start: int) -> Hit | None:
        for size in self._sizes[text[start : start + 2]]:
            for rule, body in self._by_prefix.get(text[start : start + size], ()):
                found = body.match(text, start + size, min(len(text), start + _LONGEST_TOKEN))  # type: ignore[attr-defined]  # re2 has no types
                if found is None or is_made_up(text[start + size : found.end()]):
                    continue
                if text[start : start + size].isalnum() and in_base64(text, start):
                    continue
                accept = VALIDATORS.get(rule.validator)
                extent = accept(text, start, found.end()) if accept else (start, found.end())
                if extent is not None:
                    return *extent, rule
        return None


class Scanner:
    """Finds; decides nothing about what happens with what it found."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._prefixes = _Prefixes(rule for rule in rules if rule.where == "prefix")
        texts = [rule for rule in rules if rule.where == "text"]
        self._rare = _Together(rule for rule in texts if rule.id in RARE)
        others = [(rule, _Text(rule)) for rule in texts if rule.id not in RARE]
        self._looks = Looks(
            [*STRUCTURES, *(Look(rule.sign.encode(), found.hits) for rule, found in others if rule.sign)]
        )
        self._texts = [found for rule, found in others if not rule.sign]

    def hits(self, text: bytes) -> list[Hit]:
        """All hits, in no order, overlapping freely."""
        out: list[Hit] = list(self._looks.hits(text))
        # The @ that ends a URL's password begins its host: no mailbox.
        hosts = {
            end for _, end, rule in out if rule is URL_PASSWORD or rule is WEBHOOK or rule is URL_PARAMETER
        }
        out.extend(self._prefixes.hits(text))
        out.extend(self._rare.hits(text))
        for rule in self._texts:
            found = rule.hits(text)
            out.extend(
                hit for hit in found if text.find(b"@", hit[0], hit[1]) not in hosts
            ) if hosts else out.extend(found)
        return out


def _escaped(literal: bytes) -> bytes:
    return b"".join(
        b"\\" + bytes([c]) if not (chr(c).isalnum() or c == UNDERSCORE) else bytes([c]) for c in literal
    )

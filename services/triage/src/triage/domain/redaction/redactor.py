"""Redaction for one request: the same value has the same name everywhere in it, and goes everywhere."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from triage.domain.model import Raw, Redacted
from triage.domain.redaction import armour
from triage.domain.redaction.allowed import Allowed
from triage.domain.redaction.batches import batches
from triage.domain.redaction.fold import fold
from triage.domain.redaction.placeholders import Memory, Numbering
from triage.domain.redaction.report import Report, Tally
from triage.domain.redaction.rule import Hit, Rule
from triage.domain.redaction.rules import BUILT_IN
from triage.domain.redaction.rules.structures import PRIVATE_KEY
from triage.domain.redaction.scan import Scanner
from triage.domain.redaction.spans import (
    by_line,
    masked,
    protected,
    settled,
    stands_free,
    united,
    without,
)
from triage.domain.redaction.wellformed import without_breaking_json

BLOCK = 65_536
"""Bytes scanned together when many lines are redacted."""
_KEY_LINES_REACH = 4
_PASSES = 6


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules compiled once, shared by every request."""

    scanner: Scanner
    allowed: Allowed

    @classmethod
    def of(cls, extra: Sequence[Rule] = (), allowed: Allowed | None = None) -> "RuleSet":
        """The built-in rules and an operator's own."""
        return cls(Scanner((*BUILT_IN, *extra)), allowed or Allowed())


class Redactor:
    """What one request has seen. Not for two requests, nor for two threads."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._numbering = Numbering()
        self._memory = Memory()
        self._tally = Tally()
        self._line = 1
        self._open_key = 0

    @property
    def report(self) -> Report:
        """What was redacted so far."""
        return self._tally.report()

    def redact(self, text: Raw, *, first_line: int | None = None) -> Redacted:
        """One text of any number of lines. Lone surrogates and invalid characters pass through."""
        if first_line is not None:
            self._line = first_line
        raw = text.encode("utf-8", "surrogatepass")
        return Redacted(self._whole(raw).decode("utf-8", "surrogatepass"))

    def redact_all(self, texts: Sequence[Raw]) -> list[Redacted]:
        """Several texts; a value found in the last goes from the first, too."""
        for text in texts:
            self._learn(text.encode("utf-8", "surrogatepass"))
        return [self.redact(text) for text in texts]

    def redact_records(
        self, records: Iterable[tuple[int, Raw]], *, counted: bool = True
    ) -> Iterator[Redacted]:
        """Texts in the order of a log, each with the number of its first line.

        Many are looked at together: a look costs as much as ten lines do. Parts of
        what was redacted before are not to be `counted` again.
        """
        for batch in batches(records):
            raw = batch.text.encode("utf-8", "surrogatepass")
            # A redaction never adds or takes a line, so the lines still tell the records apart.
            out = self._replace(raw, [], batch.numbers, counted=counted).decode("utf-8", "surrogatepass")
            yield from map(Redacted, batch.apart(out))

    def redact_lines(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Lines without their line feeds, as many out as in, a block at a time."""
        block: list[bytes] = []
        size = 0
        for line in lines:
            block.append(line)
            size += len(line)
            if size >= BLOCK:
                yield from self.redact_block(b"\n".join(block) + b"\n").split(b"\n")[:-1]
                block.clear()
                size = 0
        if block:
            yield from self.redact_block(b"\n".join(block)).split(b"\n")

    def redact_block(self, block: bytes) -> bytes:
        """Whole lines of a stream. A private key may begin in one block and end in another."""
        carried: list[Hit] = []
        if self._open_key:
            length = armour.continues(block)
            carried = [(0, length, PRIVATE_KEY)] if length else []
            self._open_key -= 1
            if length < len(block.rstrip(b"\n")):
                self._open_key = 0
        out = self._replace(block, carried)
        if b"BEGIN" in block and armour.is_open(block):
            self._open_key = _KEY_LINES_REACH
        return out

    def hits(self, text: bytes) -> list[Hit]:
        """What the rules find in this text, overlapping freely; nothing is remembered of it."""
        return self._found(masked(text, protected(text)))

    def findings(self, text: bytes) -> list[Hit]:
        """What a redaction of this text would take out, in order."""
        kept = protected(text)
        return without(united(self._hits(masked(text, kept))), kept)

    def _whole(self, raw: bytes) -> bytes:
        if len(raw) <= 4 * BLOCK:
            return self._replace(raw, [])
        return b"\n".join(self.redact_lines(raw.split(b"\n")))

    def _learn(self, raw: bytes) -> None:
        for start, end, rule in self._found(masked(raw, protected(raw))):
            if rule.remember and rule is not PRIVATE_KEY:
                self._memory.add(raw[start:end], rule)

    def _found(self, text: bytes) -> list[Hit]:
        """What the rules find in the text and in its folded view, as places in the text."""
        hits = self._rules.scanner.hits(text)
        folded = fold(text)
        if folded is not None:
            hits.extend(
                (*folded.extent(start, end), rule)
                for start, end, rule in self._rules.scanner.hits(folded.text)
            )
        return [hit for hit in hits if not self._rules.allowed.covers(text[hit[0] : hit[1]], hit[2])]

    def _hits(self, text: bytes) -> list[Hit]:
        hits = self._found(text)
        for start, end, rule in hits:
            if rule.remember and rule is not PRIVATE_KEY:
                self._memory.add(text[start:end], rule)
        hits.extend(self._memory.occurrences(text, hits))
        return hits

    def _replace(
        self, text: bytes, carried: list[Hit], numbers: Sequence[int] = (), *, counted: bool = True
    ) -> bytes:
        """The text without what the rules find, nor what they find in the result.

        A placeholder ends words that ran into the value before it, so what touches
        one closely is looked at again. `numbers` are those of the lines where they do
        not simply follow each other.
        """
        first = self._line
        text, touched = self._pass(text, carried, numbers, counted=counted)
        for _ in range(_PASSES):
            if not touched:
                break
            lines = text.split(b"\n")
            told = [numbers[place] if numbers else first + place for place in touched]
            again, still = self._pass(
                b"\n".join(lines[place] for place in touched), [], told, counted=counted
            )
            for place, line in zip(touched, again.split(b"\n"), strict=True):
                lines[place] = line
            text = b"\n".join(lines)
            touched = [touched[place] for place in still]
        self._line = first + text.count(b"\n")
        return text

    def _pass(
        self, text: bytes, carried: list[Hit], told: Sequence[int] = (), *, counted: bool
    ) -> tuple[bytes, list[int]]:
        """One redaction, and the places of the lines in which a placeholder touches something closely.

        `told` are the numbers of the text's lines where they do not simply follow each other.
        """
        kept = protected(text)
        hits = united([*carried, *self._hits(masked(text, kept))])
        final = [
            (*extent, rule)
            for start, end, rule in by_line(text, without(hits, kept))
            if (extent := settled(text, start, end))[0] < extent[1]
        ]
        if not final:
            return text, []
        breaks = _breaks(text)
        touched: dict[int, None] = {}
        for start, end, rule in final:
            place = bisect_left(breaks, start)
            if counted:
                self._tally.add(rule.id, told[place] if told else self._line + place)
            if not stands_free(text, start, end):
                touched[place] = None
        return without_breaking_json(text, final, breaks, self._numbering.name), list(touched)


def _breaks(text: bytes) -> list[int]:
    """Where each line ends."""
    breaks: list[int] = []
    at = text.find(b"\n")
    while at >= 0:
        breaks.append(at)
        at = text.find(b"\n", at + 1)
    return breaks

"""The second look at what is about to leave: on any finding, nothing may be sent."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from triage.domain.redaction.redactor import Redactor, RuleSet

_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """That something is there and what kind, never what."""

    rule: str
    line: int
    """1-based, in the string of the body that holds it."""


class UnsafeToSend(Exception):
    """The outgoing request still holds what redaction must take out."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        super().__init__(
            "nothing was sent: the outgoing text still holds " + ", ".join(sorted({f.rule for f in findings}))
        )


class Guard:
    """Scans whole outgoing bodies. Placeholders and the field names of a schema are no findings."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules

    def scan(self, body: bytes | str) -> tuple[Finding, ...]:
        """What must not leave. JSON is looked at string by string, as the receiver will read it."""
        raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)
        try:
            content = json.loads(raw)
        except (ValueError, RecursionError):
            return tuple(self._in(raw))
        if isinstance(content, str):
            return tuple(self._in(content.encode("utf-8", "surrogatepass")))
        return tuple(finding for text in _strings(content, _DEEPEST) for finding in self._in(text))

    def check(self, body: bytes | str) -> None:
        """Raise `UnsafeToSend` on any finding."""
        if findings := self.scan(body):
            raise UnsafeToSend(findings)

    def _in(self, text: bytes) -> Iterator[Finding]:
        for start, _, rule in Redactor(self._rules).findings(text):
            yield Finding(rule.id, text.count(b"\n", 0, start) + 1)


def _strings(content: object, deepest: int) -> Iterator[bytes]:
    """Every string of a document, each field's name with its plain value, so that a name still tells."""
    if isinstance(content, str):
        yield content.encode("utf-8", "surrogatepass")
    elif deepest == 0:
        yield json.dumps(content).encode()
    elif isinstance(content, dict):
        for name, value in content.items():
            if isinstance(value, str):
                yield json.dumps({name: value}, ensure_ascii=False).encode("utf-8", "surrogatepass")
            else:
                yield str(name).encode("utf-8", "surrogatepass")
            yield from _strings(value, deepest - 1)
    elif isinstance(content, list):
        for value in content:
            yield from _strings(value, deepest - 1)
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield str(content).encode()

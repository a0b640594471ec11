"""What an operator says may stay."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from triage.domain.redaction.rule import Rule, compiled


@dataclass(frozen=True, slots=True)
class Allowance:
    """A value, or values that a pattern matches wholly, which one rule or every rule leaves alone."""

    value: str = ""
    pattern: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """All allowances of a rule set."""

    _values: frozenset[tuple[str, bytes]] = frozenset()
    _patterns: tuple[tuple[str, object], ...] = field(default=())

    @classmethod
    def of(cls, allowances: Iterable[Allowance]) -> "Allowed":
        some = list(allowances)
        return cls(
            frozenset((one.rule, one.value.encode()) for one in some if one.value),
            tuple((one.rule, compiled(one.pattern.encode())) for one in some if one.pattern),
        )

    def covers(self, value: bytes, rule: Rule) -> bool:
        """Whether `value` may stay although `rule` found it."""
        if not self._values and not self._patterns:
            return False
        if ("", value) in self._values or (rule.id, value) in self._values:
            return True
        return any(
            scope in {"", rule.id} and pattern.fullmatch(value)  # type: ignore[attr-defined]  # re2 has no types
            for scope, pattern in self._patterns
        )

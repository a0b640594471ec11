"""An operator's own rules and allowances: one TOML or JSON file, taken whole or refused with a sentence."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

import re2

from triage.domain.redaction.allowed import Allowance, Allowed
from triage.domain.redaction.redactor import Redactor, RuleSet
from triage.domain.redaction.rule import Rule, compiled
from triage.domain.redaction.rules import BUILT_IN
from triage.domain.redaction.validators import VALIDATORS

_ID = compiled(rb"\A[a-z][a-z0-9-]{1,62}\z")
_KIND = compiled(rb"\A[A-Z][A-Z0-9_]{0,30}\z")
_RULE_FIELDS = {
    "id",
    "description",
    "kind",
    "pattern",
    "keywords",
    "context",
    "validator",
    "matches",
    "ignores",
}
_ALLOW_FIELDS = {"value", "pattern", "rule", "reason"}
_MOST = 500


class RulesRefused(ValueError):
    """The file of extra rules cannot be used; the message is one sentence and says where it is wrong."""


@dataclass(frozen=True, slots=True)
class Extra:
    """What an operator adds to the built-in rules."""

    rules: tuple[Rule, ...] = ()
    allowances: tuple[Allowance, ...] = ()

    def rule_set(self) -> RuleSet:
        """The built-in rules with these."""
        return RuleSet.of(self.rules, Allowed.of(self.allowances))


def parsed(text: str, name: str) -> Extra:
    """Rules from a file's text; its name says which of the two formats it is in."""
    try:
        content = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise RulesRefused(
            f"{name} is not valid {'JSON' if name.endswith('.json') else 'TOML'}: {wrong}."
        ) from None
    if not isinstance(content, Mapping):
        raise RulesRefused(f"{name} must hold the lists `rule` and `allow`.")
    if unknown := sorted(set(content) - {"rule", "allow"}):
        raise RulesRefused(f"{name} has the unknown field {unknown[0]!r}; only `rule` and `allow` are known.")
    known = {rule.id for rule in BUILT_IN}
    rules: list[Rule] = []
    for place, entry in enumerate(_entries(content, "rule", name), 1):
        rule = _rule(entry, f"{name}, rule {place}")
        if rule.id in known:
            raise RulesRefused(f"{name}, rule {place}: the id {rule.id!r} is taken.")
        known.add(rule.id)
        rules.append(rule)
    allowances = tuple(
        _allowance(entry, f"{name}, allow {place}", known)
        for place, entry in enumerate(_entries(content, "allow", name), 1)
    )
    _prove(rules, name)
    return Extra(tuple(rules), allowances)


def _entries(content: Mapping[str, object], field: str, name: str) -> list[Mapping[str, object]]:
    entries = content.get(field, [])
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise RulesRefused(f"{name}: `{field}` must be a list of tables.")
    if len(entries) > _MOST:
        raise RulesRefused(f"{name}: more than {_MOST} entries in `{field}`.")
    return entries


def _rule(entry: Mapping[str, object], where: str) -> Rule:
    if unknown := sorted(set(entry) - _RULE_FIELDS):
        raise RulesRefused(f"{where}: the field {unknown[0]!r} is unknown.")
    identity, kind = _text(entry, "id", where), _text(entry, "kind", where)
    if not _ID.search(identity.encode()):
        raise RulesRefused(f"{where}: `id` must be lower-case letters, digits and hyphens.")
    if not _KIND.search(kind.encode()):
        raise RulesRefused(f"{where}: `kind` must be upper-case letters, digits and underscores.")
    validator = _text(entry, "validator", where, needed=False)
    if validator and validator not in VALIDATORS:
        raise RulesRefused(f"{where}: `validator` must be one of {', '.join(sorted(VALIDATORS))}.")
    context = _text(entry, "context", where, needed=False)
    if context:
        _usable(context, f"{where}: `context`")
    return Rule(
        id=identity,
        description=_text(entry, "description", where),
        kind=kind,
        where="text",
        pattern=_usable(_text(entry, "pattern", where), f"{where}: `pattern`"),
        keywords=_texts(entry, "keywords", where),
        context=context,
        validator=validator,
        matches=_texts(entry, "matches", where, needed=True),
        ignores=_texts(entry, "ignores", where),
    )


def _allowance(entry: Mapping[str, object], where: str, known: set[str]) -> Allowance:
    if unknown := sorted(set(entry) - _ALLOW_FIELDS):
        raise RulesRefused(f"{where}: the field {unknown[0]!r} is unknown.")
    value = _text(entry, "value", where, needed=False)
    pattern = _text(entry, "pattern", where, needed=False)
    rule = _text(entry, "rule", where, needed=False)
    _text(entry, "reason", where)
    if bool(value) is bool(pattern):
        raise RulesRefused(f"{where}: give either `value` or `pattern`.")
    if rule and rule not in known:
        raise RulesRefused(f"{where}: there is no rule {rule!r}.")
    if pattern:
        _usable(pattern, f"{where}: `pattern`")
    return Allowance(value, pattern, rule)


def _text(entry: Mapping[str, object], field: str, where: str, *, needed: bool = True) -> str:
    value = entry.get(field, "")
    if not isinstance(value, str):
        raise RulesRefused(f"{where}: `{field}` must be a string.")
    if needed and not value.strip():
        raise RulesRefused(f"{where}: `{field}` is missing.")
    return value


def _texts(entry: Mapping[str, object], field: str, where: str, *, needed: bool = False) -> tuple[str, ...]:
    values = entry.get(field, [])
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise RulesRefused(f"{where}: `{field}` must be a list of strings.")
    if needed and not values:
        raise RulesRefused(f"{where}: `{field}` needs at least one example.")
    return tuple(values)


def _usable(pattern: str, where: str) -> str:
    try:
        expression = compiled(pattern.encode())
    except re2.error as wrong:
        raise RulesRefused(f"{where} is no RE2 expression: {_reason(wrong)}.") from None
    if expression.search(b"") is not None:
        raise RulesRefused(f"{where} matches the empty string.")
    return pattern


def _reason(wrong: Exception) -> str:
    reason = wrong.args[0] if wrong.args else "unknown fault"
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _prove(rules: list[Rule], name: str) -> None:
    """Hold every example against its rule, the way it will be used."""
    if not rules:
        return
    together = RuleSet.of(rules)
    for rule in rules:
        for example in rule.matches:
            if rule.id not in {hit.id for _, _, hit in Redactor(together).findings(example.encode())}:
                raise RulesRefused(f"{name}: rule {rule.id!r} finds nothing in one of its own `matches`.")
        for example in rule.ignores:
            if rule.id in {hit.id for _, _, hit in Redactor(together).findings(example.encode())}:
                raise RulesRefused(f"{name}: rule {rule.id!r} finds something in one of its own `ignores`.")

"""Lines that are known: which secrets are in them, and which of them say the same.

From a folder somebody has, or made up where there is none:

    FOLDER/redaction/*.jsonl.gz    rows with `line`, `secrets` and, as long, `kinds`; `neutral` rows say
                                   nothing about harm
    FOLDER/redaction/tiers.json    from kind to 1 (promised by name), 2 or 3 (cannot be known)
    FOLDER/loghub/NAME/NAME_2k.log_structured.csv    as the LogHub data sets are published
"""

import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import made_up

_UNKNOWABLE = 3
# A number counts as found only where it is no part of a longer one.
_NUMBERS = frozenset({"ipv4", "credit_card", "us_ssn", "phone", "phone_bare_digits"})


@dataclass(frozen=True, slots=True)
class Labelled:
    """A line, its secrets as (kind, tier, secret), and what it was collected for.

    `positive` has secrets, `benign` none; a `near_miss` looks as if it had; an `evasion` hides one.
    """

    line: str
    secrets: tuple[tuple[str, int, str], ...]
    purpose: str


@dataclass(frozen=True, slots=True)
class Grouped:
    """The messages of a system and the true group of each."""

    name: str
    lines: list[str]
    groups: list[str]


@dataclass(frozen=True, slots=True)
class Corpus:
    told: str
    labelled: list[Labelled]
    systems: list[Grouped]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Shares of labelled secrets that are still there, by tier, and of harmless lines that were changed."""

    leaked: dict[str, float]
    changed: dict[str, float]

    def __str__(self) -> str:
        leaks = ", ".join(f"{where} {share:.1%}" for where, share in sorted(self.leaked.items()))
        harm = ", ".join(f"{where} {share:.1%}" for where, share in sorted(self.changed.items()))
        return f"leaks: {leaks}; changes: {harm}"


def corpus(folder: Path | None) -> Corpus:
    if folder is None:
        systems = [Grouped(name, *made_up.messages(name)) for name in made_up.SYSTEMS]
        labelled = [Labelled(*row) for row in made_up.labelled()]
        return Corpus("made up by the benchmark", labelled, systems)
    tiers = json.loads((folder / "redaction" / "tiers.json").read_text(encoding="utf-8"))
    labelled = [
        row for path in sorted((folder / "redaction").glob("*.jsonl.gz")) for row in _rows(path, tiers)
    ]
    systems = [_system(path) for path in sorted((folder / "loghub").glob("*/*_2k.log_structured.csv"))]
    return Corpus("written by others", labelled, systems)


def _rows(path: Path, tiers: dict[str, int]) -> list[Labelled]:
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            kinds = zip(row["kinds"], row["secrets"], strict=True)
            secrets = tuple((kind, tiers.get(kind, _UNKNOWABLE), secret) for kind, secret in kinds)
            purpose = path.name.partition(".")[0] if secrets or not row.get("neutral") else "neutral"
            found.append(Labelled(row["line"], secrets, purpose))
    return found


def _system(path: Path) -> Grouped:
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = list(csv.DictReader(file))
    return Grouped(path.parent.name, [row["Content"] for row in rows], [row["EventId"] for row in rows])


def judge(rows: Sequence[Labelled], answers: Sequence[str]) -> Verdict:
    """Leaks by tier, those of evasions apart; harm by what the line was collected for."""
    leaked, changed = defaultdict[str, list[bool]](list), defaultdict[str, list[bool]](list)
    for row, answer in zip(rows, answers, strict=True):
        if not row.secrets and row.purpose in {"benign", "near_miss"}:
            changed[row.purpose.replace("_", " ")].append(row.line.strip() != answer.strip())
        for kind, tier, secret in row.secrets:
            where = "evasions" if row.purpose == "evasion" else f"tier {tier}"
            leaked[where].append(stands_in(secret, kind, answer))
    return Verdict(_shares(leaked), _shares(changed))


def _shares(seen: Mapping[str, list[bool]]) -> dict[str, float]:
    return {where: sum(each) / len(each) for where, each in seen.items()}


def stands_in(secret: str, kind: str, text: str) -> bool:
    """As itself, or as JSON once or twice around it."""
    once = json.dumps(secret)[1:-1]
    forms = {secret, once, json.dumps(once)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    if kind in _NUMBERS:
        return any(re.search(rf"(?<![\d.]){re.escape(form)}(?!\d)", text) for form in forms)
    return any(form in text for form in forms)


def accuracy(truth: Sequence[str], answers: Sequence[str]) -> float:
    """Grouping accuracy (Zhu et al., 2019): the share of lines whose group has exactly the true members."""
    true, told = Counter(truth), Counter(answers)
    both = Counter(zip(truth, answers, strict=True))
    return sum(count for (a, b), count in both.items() if count == true[a] == told[b]) / len(truth)

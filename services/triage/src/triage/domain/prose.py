"""Whether a model's sentence may be shown: plain words about the evidence, no order, no link, no all-clear.

A program cannot know whether a sentence is true. It can know that a sentence
carries something a summary never needs: an address to open, a command to run,
markup, an instruction, another group's words, or the claim that all is well.
"""

import re
from collections.abc import Iterable
from typing import Final

from triage.domain.injection import addresses_reader
from triage.domain.model import Group
from triage.domain.records.neutral import neutralise

_RUN: Final = 6
"""Words in a row that nobody writes twice by chance."""

_LINK: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}:/{2}|\bwww\.|\b(?:javascript|data|mailto|vbscript):|\]\(|!\[|\b[\w-]+@[\w-]+\.",
    re.IGNORECASE,
)
_MARKUP: Final = re.compile(r"</?[a-z!][^<>]{0,200}>|&#?\w{2,8};|```|[\x00-\x08\x0b-\x1f\x7f]")
_PLACEHOLDER: Final = re.compile(r"<[A-Z][A-Z0-9_]{1,40}>|<\*>")
_COMMAND: Final = re.compile(
    r"\b(?:curl|wget|sudo|bash|chmod|chown|nc|ncat|eval|powershell|invoke-\w{2,30})\s{1,3}[\w./~-]"
    r"|\brm\s{1,3}-|\|\s{0,3}(?:ba|z)?sh\b"
    r"|\bdrop\s{1,3}(?:table|database)\b|\bkubectl\s{1,3}(?:delete|exec|apply|edit|patch)\b|\$\(|&&"
    r"|\b(?:disable|turn off|switch off)\b.{0,30}"
    r"\b(?:auth|tls|firewall|verification|security|alert|monitoring|selinux)",
    re.IGNORECASE,
)
_ALL_CLEAR: Final = re.compile(
    r"\b(?:no|zero|without(?: any)?)\s{1,3}(?:real |actual |significant |serious |critical )?"
    r"(?:errors?|problems?|issues?|action|incidents?)\b.{0,30}"
    r"(?:found|needed|required|detected|present|necessary|here|\.|!|$)"
    r"|\b(?:everything|all (?:is|systems?|services?|good|clear|fine|ok))\b.{0,25}"
    r"\b(?:ok|okay|fine|well|works?|operational|normal|healthy|nominal|good|clear|green)\b"
    r"|\ball (?:good|clear|fine|ok)\b"
    r"|\b(?:can|may|should|could) (?:be )?(?:safely )?(?:ignore|ignored|disregard|disregarded|dismissed)\b"
    r"|\bsafe(?:ly)? (?:to )?ignore|\bfalse (?:alarm|positive)\b"
    r"|\bnothing (?:to (?:do|see|worry)|is wrong|wrong)\b",
    re.IGNORECASE,
)


def fault_of(text: str, *, cited: Iterable[Group], others: Iterable[Group]) -> str | None:
    """The reason why this sentence may not be shown; None where it may."""
    plain = _PLACEHOLDER.sub(" ", text)
    faults = (
        ("empty", not plain.strip()),
        (
            "link_or_markup",
            neutralise(plain) != plain or bool(_LINK.search(plain) or _MARKUP.search(plain)),
        ),
        ("command", bool(_COMMAND.search(plain))),
        ("instruction", addresses_reader(plain)),
        ("all_clear", bool(_ALL_CLEAR.search(plain))),
        ("words_of_another_group", _borrows(plain, cited, others)),
    )
    return next((reason for reason, found in faults if found), None)


def _borrows(text: str, cited: Iterable[Group], others: Iterable[Group]) -> bool:
    runs = _runs(text)
    return bool(runs and _shared(runs, others) - _shared(runs, cited))


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = [word.strip(".,;:!?'\"()[]").lower() for word in text.split()]
    return frozenset(tuple(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1))


def _shared(runs: frozenset[tuple[str, ...]], groups: Iterable[Group]) -> frozenset[tuple[str, ...]]:
    found: frozenset[tuple[str, ...]] = frozenset()
    for group in groups:
        found |= runs & (_runs(group.example[:4000]) | _runs(group.template[:4000]))
    return found

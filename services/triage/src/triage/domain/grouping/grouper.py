"""Records in, ranked groups out, in memory that the number of records does not move.

Signatures are counted as they come and merged into templates when asked, so a
group depends on what was seen and not on its order. Past the limits signatures
are merged early, and what still does not fit is counted in one overflow group.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from triage.domain.grouping.cell import Cell
from triage.domain.grouping.masks import flattened, signature
from triage.domain.grouping.merging import merge
from triage.domain.model import Group, Record, Redacted
from triage.domain.records.chain import root_cause

GROUPS: Final = 2_000
"""Groups that are told apart; the rest is one group."""
OVERFLOW: Final = Redacted("(records beyond the first 2,000 groups)")
_SIGNATURES: Final = 4_000
_WORTHWHILE: Final = 2_500
_MESSAGE: Final = 2_048
_CACHE: Final = 2_048


class Grouper:
    """One per summary; not for use by several threads at once."""

    def __init__(self) -> None:
        self.records = 0
        self._cells: dict[str, Cell] = {}
        self._overflow: Cell | None = None
        self._full = False
        self._template: dict[str, str] = {}
        self._seen: dict[str, str] = {}

    @property
    def overflowed(self) -> int:
        """Records that no group of their own could be kept for."""
        return self._overflow.count if self._overflow else 0

    def add(self, record: Record) -> str:
        """Count the record; returns its signature, which `id_of` turns into a group's id at the end."""
        self.records += 1
        key = self._signature(record)
        cell = self._cells.get(key)
        if cell is None and (known := self._template.get(key)) is not None:
            cell = self._cells.get(known)
        if cell is not None:
            cell.add(record)
            return key
        if len(self._cells) >= _SIGNATURES and not self._full:
            self._compact()
            # Merging early is dear; where it gained little it would gain little again.
            self._full = len(self._cells) > _WORTHWHILE
        if self._full:
            if self._overflow is None:
                self._overflow = Cell.of(record)
            else:
                self._overflow.add(record)
            return OVERFLOW
        self._cells[key] = Cell.of(record)
        return key

    def groups(self) -> list[Group]:
        """All groups: the worst level first, then the most frequent, then the earliest."""
        folded = self._folded()
        overflow = self._overflow
        ranked = sorted(
            folded.items(), key=lambda item: (-item[1].level, -item[1].count, item[1].first_line, item[0])
        )
        found = [_group(Redacted(template), cell) for template, cell in ranked[:GROUPS]]
        for _, cell in ranked[GROUPS:]:
            overflow = _joined(overflow, cell)
        if overflow is not None:
            found.append(_group(OVERFLOW, overflow))
        return found

    def ids(self) -> Callable[[str], str]:
        """From what `add` returned to the id of the group it ended up in."""
        template = merge({key: cell.count for key, cell in self._cells.items()})
        known = {group.template for group in self.groups()}
        early = self._template

        def id_of(key: str) -> str:
            final = template.get(early.get(key, key), OVERFLOW)
            return group_id(final if final in known else OVERFLOW)

        return id_of

    def _signature(self, record: Record) -> str:
        message = record.message[:_MESSAGE]
        cause = root_cause(record.text) if "\n" in record.text else ""
        text = flattened(f"{message} <- {cause}" if cause and cause not in message else message)
        found = self._seen.get(text)
        if found is None:
            if len(self._seen) >= _CACHE:
                self._seen.clear()
            found = self._seen[text] = signature(text)
        return found

    def _folded(self) -> dict[str, Cell]:
        template = merge({key: cell.count for key, cell in self._cells.items()})
        folded: dict[str, Cell] = {}
        for key, cell in self._cells.items():
            folded[template[key]] = _joined(folded.get(template[key]), cell)
        return folded

    def _compact(self) -> None:
        """Merge early; which records share a group now depends on when the limit was reached."""
        template = merge({key: cell.count for key, cell in self._cells.items()})
        self._cells = self._folded()
        moved = {old: template.get(new, new) for old, new in self._template.items()}
        moved.update((key, new) for key, new in template.items() if key != new)
        # The look-up is for what comes again; it is bounded like everything here.
        self._template = dict(list(moved.items())[-4 * _SIGNATURES :])


def group_id(template: str) -> str:
    """Stable across runs and machines: derived from the template alone."""
    return "g-" + hashlib.sha256(template.encode()).hexdigest()[:12]


def labels(keys: list[str]) -> list[str]:
    """The template of each of these signatures, merged as one set."""
    counts: dict[str, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    template = merge(counts)
    return [group_id(template[key]) for key in keys]


def _joined(into: Cell | None, cell: Cell) -> Cell:
    if into is None:
        return replace(cell)
    into.absorb(cell)
    return into


def _group(template: Redacted, cell: Cell) -> Group:
    return Group(
        id=group_id(template),
        template=template,
        level=cell.level,
        count=cell.count,
        first_seen=cell.first_seen,
        last_seen=cell.last_seen,
        first_line=cell.first_line,
        example=cell.example,
        trace_id=cell.trace_id,
        logger=cell.logger,
    )

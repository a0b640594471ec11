"""One fault after the other, on a suite that is never without traffic: what each route did under each."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from suite import processes
from suite.chaos.drive import Drive, Sample
from suite.chaos.fault import Fault
from suite.chaos.faults import FAULTS
from suite.chaos.judge import Cell, Machine, Moments, judge, settled
from suite.chaos.promises import Table, promised
from suite.chaos.routes import ROUTES, STILL
from suite.chaos.stage import Stage

Key = tuple[str, str]
Report = Callable[[str], None]

WARM_SECONDS = 5.0
# A busy machine only ever makes things late: what was late is looked at again, so often at most.
TRIES = 4
_BUSY_PERCENT = 60.0
_CALM_SECONDS = 10.0
_LEAVE_SECONDS = 0.8
_GIVE_UP_SECONDS = 30.0


class NotWell(RuntimeError):
    """One sentence for people."""


@dataclass(frozen=True, slots=True)
class Row:
    """One fault: a cell for every route, and how often it was looked at."""

    cells: Mapping[str, Cell]
    tries: int = 1

    @property
    def kept(self) -> bool:
        return all(cell.kept for cell in self.cells.values())

    @property
    def late(self) -> bool:
        """Broken, and only time was the matter."""
        return not self.kept and not any(cell.wrong for cell in self.cells.values())


class Campaign:
    def __init__(self, stage: Stage, drive: Drive, table: Table, report: Report) -> None:
        self._report = report
        self._stage = stage
        self._drive = drive
        self._table = table
        self._quiet: list[tuple[float, float]] = []

    def warm(self) -> None:
        """Until all is as usual for a while."""
        self._wait_settled(time.monotonic())
        began = time.monotonic()
        time.sleep(WARM_SECONDS)
        self._quiet.append((began, time.monotonic()))

    def row(self, key: Key, fault: Fault, tries: int) -> Row:
        """What a fault did, looked at once more."""
        row = Row(self._once(key, fault), tries)
        for name, cell in row.cells.items():
            for sentence in (*cell.wrong, *cell.late):
                self._report(f"      {name}: {sentence}; promised: {cell.promise}")
        return row

    def _once(self, key: Key, fault: Fault) -> Mapping[str, Cell]:
        fault.prepare(self._stage)
        quiet = time.monotonic()
        time.sleep(fault.quiet)
        began = time.monotonic()
        self._quiet.append((quiet, began))
        fault.inject(self._stage)
        there = time.monotonic()
        time.sleep(fault.seconds)
        ending = time.monotonic()
        fault.lift(self._stage)
        over = time.monotonic()
        time.sleep(_LEAVE_SECONDS)
        self._wait_settled(over)
        moments = Moments(quiet, began, there, ending, over)
        still = list(self._drive.samples[STILL.name])
        machine = Machine.felt(still, [sample for sample in still if self._was_quiet(sample)], moments)
        cells = {}
        for route in ROUTES:
            samples = list(self._drive.samples[route.name])
            promise = promised(key, route.name, self._table)
            good = [sample for sample in samples if self._was_quiet(sample)]
            cells[route.name] = judge(route, promise, samples, moments, good, machine)
        return cells

    def _wait_settled(self, since: float) -> None:
        for _ in processes.deadline(_GIVE_UP_SECONDS, step=0.05):
            if settled(ROUTES, self._drive.samples, since):
                return

    def _was_quiet(self, sample: Sample) -> bool:
        return any(began <= sample.began and sample.ended <= ended for began, ended in self._quiet)


@contextmanager
def campaign(folder: Path, table: Table, report: Report) -> Iterator[Campaign]:
    """On a stage of its own, with traffic."""
    with Stage(folder) as stage:
        stack = AsyncExitStack()
        drive = Drive(stage)
        try:
            stage.call(drive.start(stack))
            begun = Campaign(stage, drive, table, report)
            begun.warm()
            yield begun
        finally:
            stage.call(stack.aclose())


def run(folder: Path, table: Table, keys: Iterable[Key], report: Report) -> dict[Key, Row]:
    """The matrix, row by row; what was only late is looked at again after all the others."""
    rows: dict[Key, Row] = {}
    left = list(keys)
    with campaign(folder, table, report) as begun:
        for tries in range(1, TRIES + 1):
            for key in left:
                if tries > 1:
                    _calm()
                at = time.monotonic()
                rows[key] = row = begun.row(key, FAULTS[key], tries)
                said = "kept" if row.kept else "late" if row.late else "BROKEN"
                report(f"  {', '.join(key):<24} {time.monotonic() - at:5.1f} s  {said}")
            left = [key for key in left if rows[key].late]
    return rows


def _calm() -> None:
    """Until the machine has time again; nobody else's work is this suite's doing."""
    end = time.monotonic() + _CALM_SECONDS
    while time.monotonic() < end and psutil.cpu_percent(interval=1.0) > _BUSY_PERCENT:
        pass

"""Redaction and grouping of lines, beside Presidio and drain3, each in a process of its own."""

import json
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import psutil

from bench import corpus, redaction
from bench.edge import OTHERS
from bench.workload import Row
from suite import processes

HERE = Path(__file__).parent / "workers"


class WorkerEnded(RuntimeError):
    """What it said last."""


@dataclass(slots=True)
class Worker:
    """A program of `workers/`, by the commands of `workers/answering.py`."""

    topic: str
    name: str
    ours: bool
    process: subprocess.Popen[bytes]
    folder: Path
    costs: dict[str, list[float]] = field(default_factory=dict)
    note: str = ""

    def work_on(self, lines: list[str]) -> None:
        file = self.folder / "lines.json"
        file.write_text(json.dumps(lines), encoding="utf-8")
        self._ask({"file": str(file)})

    def measure(self, shape: str, seconds: float) -> None:
        got = self._ask({"seconds": seconds})
        self.costs.setdefault(shape, []).append(got["cpu"] / got["lines"])

    def answers(self) -> list[str]:
        return [str(answer) for answer in self._ask({"answers": True})]

    def row(self, shape: str, yardstick: "Worker") -> Row:
        cost = statistics.median(self.costs[shape])
        pairs = zip(yardstick.costs[shape], self.costs[shape], strict=True)
        return Row(
            topic=self.topic,
            name=f"{self.name}, {shape}",
            ours=self.ours,
            cpu_us=cost * 1e6,
            times=statistics.median(theirs / own for theirs, own in pairs),
            per_second=1 / cost,
            resident_mb=psutil.Process(self.process.pid).memory_info().rss / 1e6,
            note=self.note if shape == next(iter(self.costs)) else "",
        )

    def _ask(self, command: dict[str, Any]) -> Any:
        asked, said = cast("IO[bytes]", self.process.stdin), cast("IO[bytes]", self.process.stdout)
        asked.write(json.dumps(command).encode() + b"\n")
        asked.flush()
        answer = said.readline()
        if not answer:
            raise WorkerEnded(f"{self.name} ended:\n{processes.tail(self.folder / 'log')}")
        return json.loads(answer)


@contextmanager
def worker(topic: str, name: str, program: str, folder: Path, *, ours: bool) -> Iterator[Worker]:
    place = folder / program
    place.mkdir(parents=True)
    python = sys.executable if ours else OTHERS
    command = [python, HERE / f"{program}.py"]
    with (
        (place / "log").open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        try:
            yield Worker(topic, name, ours, process, place)
        finally:
            processes.stop(process, how=signal.SIGTERM, patience=5)


@dataclass(slots=True)
class Lines:
    """Both pairs of workers and what they work on."""

    known: corpus.Corpus
    redactors: tuple[Worker, Worker]
    groupers: tuple[Worker, Worker]
    logs: list[str] = field(default_factory=redaction.mixed)

    def judge(self) -> None:
        """What they say, once: it does not depend on the day."""
        for one in self.redactors:
            one.work_on([row.line for row in self.known.labelled])
            one.note = str(corpus.judge(self.known.labelled, one.answers()))
        for one in self.groupers:
            shares = []
            for system in self.known.systems:
                one.work_on(system.lines)
                shares.append(corpus.accuracy(system.groups, one.answers()))
            one.note = f"grouping accuracy {statistics.mean(shares):.3f} over {len(shares)} systems"

    def measure(self, seconds: float) -> None:
        labelled = [row.line for row in self.known.labelled]
        for shape, lines in (("labelled lines", labelled), ("service logs", self.logs)):
            for one in self.redactors:
                one.work_on(lines)
                one.measure(shape, seconds)
        messages = [line for system in self.known.systems for line in system.lines]
        for one in self.groupers:
            one.work_on(messages)
            one.measure("messages", seconds)

    def rows(self) -> list[Row]:
        (ours, presidio), (grouping, drain) = self.redactors, self.groupers
        shapes = list(ours.costs)
        found = [one.row(shape, presidio) for shape in shapes for one in (ours, presidio)]
        return found + [one.row("messages", drain) for one in (grouping, drain)]


@contextmanager
def working(folder: Path, known: corpus.Corpus) -> Iterator[Lines]:
    with ExitStack() as stack:

        def one(topic: str, name: str, program: str, *, ours: bool) -> Worker:
            return stack.enter_context(worker(topic, name, program, folder, ours=ours))

        redactors = (
            one("redaction", "the suite", "redaction", ours=True),
            one("redaction", "Presidio's patterns", "presidio", ours=False),
        )
        groupers = (
            one("grouping", "the suite", "grouping", ours=True),
            one("grouping", "drain3", "drain", ours=False),
        )
        yield Lines(known, redactors, groupers)

"""One thing that is measured again and again, and what a run says of it."""

import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from bench import load, meter


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. What was not measured is None.

    Args:
        topic: what it is compared within.
        ours: the suite's own, or a yardstick.
        cpu_us: processor time for one request (or line), of the processes that do the work.
        stores_us: the same of those beside them: Redis, PostgreSQL, the upstream.
        times: how much of the yardstick's work the same processor time does; 2 is twice as good.
        note: what has no column.
    """

    topic: str
    name: str
    ours: bool
    cpu_us: float
    stores_us: float | None = None
    times: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    per_second: float | None = None
    resident_mb: float | None = None
    done: int = 0
    failed: int = 0
    note: str = ""
    by_process: Mapping[str, float] = field(default_factory=dict)


AUTHORIZATION = re.compile(rb"\r\nAuthorization:[^\r]*")


class LetsAnybodyIn(RuntimeError):
    """One sentence for people."""


@dataclass(frozen=True, slots=True)
class Round:
    got: load.Load
    cpu: Mapping[str, float]


@dataclass(slots=True)
class Workload:
    """Requests to one port.

    Args:
        servers: whose processor time the figure is, by name.
        stores: whose is told beside it.
        open: asks for no token, though it is given one.
    """

    topic: str
    name: str
    port: int
    askings: Sequence[load.Asking]
    servers: Mapping[str, int]
    stores: Mapping[str, int] = field(default_factory=dict)
    ours: bool = False
    open: bool = False
    rounds: list[Round] = field(default_factory=list)

    def check(self) -> None:
        """Who has no token is refused, or this would measure something else.

        Raises:
            LetsAnybodyIn: it is not.
        """
        asking = self.askings[0]
        if self.open or not isinstance(asking, load.Same) or AUTHORIZATION.search(asking.request) is None:
            return
        got = load.run(self.port, same(AUTHORIZATION.sub(b"", asking.request), 1), 0.05)
        if set(got.statuses) != {HTTPStatus.UNAUTHORIZED}:
            raise LetsAnybodyIn(f"{self.name} answers {dict(got.statuses)} without a token.")

    def measure(self, seconds: float) -> None:
        """A round, once the servers are in their stride."""
        load.run(self.port, self.askings, min(0.3, seconds / 3))
        everyone = {**self.servers, **self.stores}
        before = meter.cpu(everyone)
        got = load.run(self.port, self.askings, seconds)
        after = meter.cpu(everyone)
        self.rounds.append(Round(got, {name: after[name] - before[name] for name in everyone}))

    def costs(self, names: Mapping[str, int] | None = None) -> list[float]:
        """Microseconds of one request in each round."""
        counted = self.servers if names is None else names
        return [
            sum(one.cpu[name] for name in counted) / max(1, one.got.requests) * 1e6 for one in self.rounds
        ]

    def times(self, yardstick: "Workload") -> float:
        """The middle of the rounds' own ratios: what disturbs a round disturbs both."""
        pairs = zip(yardstick.costs(), self.costs(), strict=True)
        return statistics.median(bare / max(own, 1e-9) for bare, own in pairs)

    def row(self, yardstick: "Workload") -> Row:
        latencies = [latency for one in self.rounds for latency in one.got.latencies]
        statuses = sum((one.got.statuses for one in self.rounds), Counter[int]())
        failed = sum(one.got.failures for one in self.rounds)
        wrong = {str(status): count for status, count in statuses.items() if status not in load.SUCCESS}
        everyone = {**self.servers, **self.stores}
        return Row(
            topic=self.topic,
            name=self.name,
            ours=self.ours,
            cpu_us=statistics.median(self.costs()),
            stores_us=statistics.median(self.costs(self.stores)) if self.stores else None,
            times=self.times(yardstick),
            p50_ms=load.percentile(latencies, 0.5),
            p99_ms=load.percentile(latencies, 0.99),
            per_second=statistics.median(one.got.requests / one.got.seconds for one in self.rounds),
            resident_mb=meter.resident(self.servers) / 1e6,
            done=len(latencies),
            failed=failed,
            note=f"answers: {wrong}" if wrong else "",
            by_process={name: statistics.median(self.costs({name: 0})) for name in everyone},
        )


def same(request: bytes, connections: int = 16) -> list[load.Asking]:
    return [load.Same(request)] * connections

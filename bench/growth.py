"""What a running suite holds, sampled again and again, and whether it grows."""

import statistics
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil
import psycopg
import redis

from bench.installation import Installation
from suite import processes

MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Bound:
    """How much more the end may hold than the second quarter: a share of it, and so many more."""

    share: float
    more: float

    def allows(self, early: float, late: float) -> bool:
        return late <= early * (1 + self.share) + self.more


BOUNDS = {
    "MB": Bound(0.04, 4),
    "files": Bound(0.0, 4),
    "threads": Bound(0.0, 2),
    "connections": Bound(0.0, 2),
    "clients": Bound(0.0, 2),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing over the whole soak."""

    name: str
    unit: str
    early: float
    late: float

    @property
    def kept(self) -> bool:
        return BOUNDS[self.unit].allows(self.early, self.late)

    def __str__(self) -> str:
        told = "" if self.kept else "   GROWS"
        return f"{self.name:12}{self.unit:12}{self.early:10.1f}{self.late:10.1f}{told}"


@dataclass(slots=True)
class Samples:
    """Of every process of the suite, PostgreSQL's connections and Redis's clients."""

    there: Installation
    seen: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def take(self) -> None:
        for name, pid in self._services().items():
            family = processes.family(pid)
            self._note(name, "MB", sum(member.memory_info().rss for member in family) / MEGABYTE)
            self._note(name, "files", sum(member.num_fds() for member in family))
            self._note(name, "threads", sum(member.num_threads() for member in family))
        with psycopg.connect(self.there.suite.postgres.url()) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            ).fetchone()
            self._note("PostgreSQL", "connections", float(row[0]) if row else 0.0)
        with redis.Redis.from_url(self.there.suite.valkey.url()) as client:
            told: Mapping[str, int] = client.info("clients")
            self._note("Redis", "clients", float(told["connected_clients"]))
        with suppress(psutil.Error):
            resident = psutil.Process(self.there.suite.valkey.pid).memory_info().rss
            self._note("Redis", "MB", resident / MEGABYTE)

    def _services(self) -> dict[str, int]:
        children = self.there.suite.children
        return {name: children[name].pid for name in ("gateway", "auth", "triage")}

    def _note(self, name: str, unit: str, value: float) -> None:
        self.seen.setdefault((name, unit), []).append(value)


def compared(seen: Mapping[tuple[str, str], Sequence[float]]) -> list[Line]:
    """The middle of the second quarter beside that of the last: the first is for warming up."""
    return [Line(name, unit, _middle(values, 1), _middle(values, 3)) for (name, unit), values in seen.items()]


def _middle(values: Sequence[float], quarter: int) -> float:
    size = max(1, len(values) // 4)
    return statistics.median(values[quarter * size : (quarter + 1) * size or None])

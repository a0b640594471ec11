"""Sign-ins as fast as they go, and what everybody else waits meanwhile."""

import asyncio
import os
import statistics
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import bcrypt
import uvloop

from bench import load, meter, paced
from bench.workload import Row, same

CORES = os.cpu_count() or 1
PASSWORD = b"correct horse battery staple"
PROBES = 100.0


@dataclass(frozen=True, slots=True)
class Hashes:
    """What a bare pool of threads does in a round, and what one hash costs alone."""

    per_second: float
    alone: float


@dataclass(slots=True)
class Pool:
    """bcrypt on as many threads as there are cores: what sign-ins cannot be faster than."""

    cost: int
    rounds: list[Hashes] = field(default_factory=list)

    def measure(self, seconds: float) -> None:
        stored = bcrypt.hashpw(PASSWORD, bcrypt.gensalt(self.cost))
        began = time.thread_time()
        bcrypt.checkpw(PASSWORD, stored)
        alone = time.thread_time() - began
        start = time.perf_counter()

        def work() -> int:
            done = 0
            while time.perf_counter() < start + seconds:
                bcrypt.checkpw(PASSWORD, stored)
                done += 1
            return done

        with ThreadPoolExecutor(CORES) as pool:
            done = sum(future.result() for future in [pool.submit(work) for _ in range(CORES)])
        self.rounds.append(Hashes(done / (time.perf_counter() - start), alone))

    @property
    def alone(self) -> float:
        """Seconds."""
        return statistics.median(one.alone for one in self.rounds)

    def share(self, per_second: float) -> float:
        """Of what these cores could hash if they did nothing else."""
        return per_second * self.alone / CORES

    def row(self) -> Row:
        rate = statistics.median(one.per_second for one in self.rounds)
        return Row(
            topic="sign-in",
            name=f"bcrypt of cost {self.cost}, a bare pool of threads",
            ours=False,
            cpu_us=self.alone * 1e6,
            times=1.0,
            per_second=rate,
            note=f"{self.share(rate):.2f} of cores / bcrypt time",
        )


@dataclass(frozen=True, slots=True)
class Busy:
    idle: load.Load
    meanwhile: load.Load
    sign_ins: load.Load
    cpu: float


@dataclass(slots=True)
class SignIns:
    """Sign-ins at one port, with someone asking for `probe` at a steady pace."""

    name: str
    port: int
    request: bytes
    probe: bytes
    probed: str
    servers: Mapping[str, int]
    ours: bool
    rounds: list[Busy] = field(default_factory=list)

    def measure(self, seconds: float) -> None:
        with ahead():
            idle = uvloop.run(paced.pace(self.port, self.probe, rate=PROBES, seconds=seconds / 2))
            before = sum(meter.cpu(self.servers).values())
            sign_ins, meanwhile = uvloop.run(self._both(seconds))
            spent = sum(meter.cpu(self.servers).values()) - before
        self.rounds.append(Busy(idle, meanwhile, sign_ins, spent))

    async def _both(self, seconds: float) -> tuple[load.Load, load.Load]:
        return await asyncio.gather(
            load.drive(self.port, same(self.request, 4 * CORES), seconds),
            paced.pace(self.port, self.probe, rate=PROBES, seconds=seconds),
        )

    @property
    def per_second(self) -> float:
        return statistics.median(one.sign_ins.requests / one.sign_ins.seconds for one in self.rounds)

    @property
    def idle_p99(self) -> float:
        return load.percentile([each for one in self.rounds for each in one.idle.latencies], 0.99)

    @property
    def busy_p99(self) -> float:
        return load.percentile([each for one in self.rounds for each in one.meanwhile.latencies], 0.99)

    def of_pool(self, pool: Pool) -> float:
        """Sign-ins for each hash that the bare pool did in the same round."""
        pairs = zip(self.rounds, pool.rounds, strict=True)
        return statistics.median(
            one.sign_ins.requests / one.sign_ins.seconds / bare.per_second for one, bare in pairs
        )

    def row(self, pool: Pool) -> Row:
        cost = statistics.median(one.cpu / max(1, one.sign_ins.requests) for one in self.rounds)
        latencies = [each for one in self.rounds for each in one.sign_ins.latencies]
        everything = [part for one in self.rounds for part in (one.idle, one.meanwhile, one.sign_ins)]
        return Row(
            topic="sign-in",
            name=self.name,
            ours=self.ours,
            cpu_us=cost * 1e6,
            times=pool.alone / max(cost, 1e-9),
            p50_ms=load.percentile(latencies, 0.5),
            p99_ms=load.percentile(latencies, 0.99),
            per_second=self.per_second,
            resident_mb=meter.resident(self.servers) / 1e6,
            done=len(latencies),
            failed=sum(part.failures for part in everything),
            note=(
                f"{pool.share(self.per_second):.2f} of cores / bcrypt time;"
                f" {self.probed} p99 {self.idle_p99:.1f} ms idle, {self.busy_p99:.1f} ms meanwhile"
            ),
        )


@contextmanager
def ahead() -> Iterator[None]:
    """The client gets a processor when it wants one, where it may ask for that: elsewhere it has its own."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    try:
        yield
    finally:
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, 0)

"""Everyday traffic at half of what the suite can take, for ten minutes: nothing may grow.

    python -m bench.soak [--seconds 600]

Exit status 1 where a request was answered otherwise than it should be, or where memory, open
files, threads or connections at the end are above their second quarter by more than their bound.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import load
from bench.growth import Line, Samples, compared
from bench.installation import Installation, installed
from bench.traffic import CLIENTS, Client, Seen

# Tokens are renewed and forgotten often enough for every cache to be full when it counts.
SETTINGS = {
    "gateway": {"TOKEN_CACHE_SIZE": "500"},
    "auth": {"ACCESS_TOKEN_EXPIRE_MINUTES": "1"},
}


@dataclass(frozen=True, slots=True)
class Soaked:
    lines: list[Line]
    samples: Samples
    seen: Seen
    rate: float
    capacity: float

    @property
    def kept(self) -> bool:
        return not self.seen.wrong and all(line.kept for line in self.lines)


async def soak(there: Installation, *, seconds: float, every: float) -> Soaked:
    """Finds out what the suite can take, then gives it half of that."""
    most = 5.0 if seconds > 60 else 2.0  # noqa: PLR2004  # a minute
    full, seen = Seen(), Seen()
    clients = [Client(there, Seen(), number) for number in range(CLIENTS)]
    for client in clients:
        # One after another: hashing is what a machine does nothing else beside.
        await client.sign_in()
        client.seen = full
    await _use(clients, seconds=most, every=0.0)
    capacity = full.total / most
    rate = capacity / 2
    samples = Samples(there)
    for client in clients:
        client.seen = seen

    async def sample() -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.to_thread(samples.take)
            await asyncio.sleep(every)

    async with asyncio.TaskGroup() as together:
        together.create_task(_use(clients, seconds=seconds, every=CLIENTS / rate))
        until = time.monotonic() + seconds
        together.create_task(Client(there, seen, CLIENTS).come_and_go(until=until))
        together.create_task(Client(there, seen, CLIENTS + 1).triage(until=until))
        together.create_task(sample())
    return Soaked(compared(samples.seen), samples, seen, rate, capacity)


async def _use(clients: Sequence[Client], *, seconds: float, every: float) -> None:
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as together:
        for client in clients:
            together.create_task(client.use(until=until, every=every))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between samples")
    parser.add_argument("--json", type=Path, help="where the figures go")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        there = stack.enter_context(installed(folder, more=SETTINGS))
        soaked = uvloop.run(soak(there, seconds=asked.seconds, every=asked.every))
    print(told(soaked, asked.seconds))
    if asked.json is not None:
        document = {
            "rate": soaked.rate,
            "capacity": soaked.capacity,
            "answers": {f"{kind} {status}": count for (kind, status), count in soaked.seen.answers.items()},
            "samples": {" ".join(what): values for what, values in soaked.samples.seen.items()},
            "lines": [[line.name, line.unit, line.early, line.late, line.kept] for line in soaked.lines],
        }
        asked.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if soaked.kept else 1)


def told(soaked: Soaked, seconds: float) -> str:
    p99 = load.percentile(list(soaked.seen.latencies), 0.99)
    head = (
        f"{soaked.seen.total} requests in {seconds:.0f} s, half of the {soaked.capacity:.0f} a second"
        f" it can take; p99 {p99:.1f} ms"
    )
    # From the middle of one quarter to that of the other is half of it all.
    minutes = seconds / 2 / 60
    rows = [head, "", f"{'':24}{'2nd':>10}{'last':>10}   quarter{'a minute':>12}"]
    rows += [f"{line!s:54}{(line.late - line.early) / minutes:12.2f}" for line in soaked.lines]
    wrong = soaked.seen.wrong
    return "\n".join([*rows, "", f"answered otherwise: {wrong or 'none'}"])


if __name__ == "__main__":
    main()

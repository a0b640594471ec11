"""How long a summary of a large log takes, and what memory it costs, measured on the running pipeline.

    python -m bench.summarize [--megabytes 46] [--lines 150000] [--errors 0.1] [--times 1]

Prints, for one log and for `--times` that log: seconds to the answer, the most
resident memory above rest of the service and its reader together, and how late
the event loop was at its worst meanwhile (what a health check would wait).
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import uvloop

from chassis.clock import SystemClock
from triage.app import triage
from triage.domain.answer import Stage
from triage.domain.model import Reading
from triage.settings import Settings
from triage.sources.file import FileSource

_TROUBLES = (
    "connection to db-{a}.internal:5432 refused after {b} ms",
    "upstream payments answered 503 for order {b} of customer{a}@example.com",
    "could not acquire a connection from the pool within {b} ms, {a} in use",
    "token for session {b} rejected: password=hunter{b} expired {a} s ago",
)
_WORK = (
    "order {b} of tenant-{a} stored in {b} us",
    "GET /api/v1/items/{b}?page={a} 200 {b} bytes from 10.0.{a}.17",
    "cache warmed: {b} entries, generation {a}",
)
_TRACE = (
    "java.lang.IllegalStateException: order {b}\n"
    "\tat shop.Orders.place(Orders.java:{a})\n\tat shop.Http.handle(Http.java:17)"
)
_TRACED = 0.1


def lines(count: int, width: int, share: float) -> Iterator[str]:
    """Application lines of about `width` characters, of which `share` are errors, some with a stack trace."""
    draw = random.Random(7)
    written = 0
    while written < count:
        failed = draw.random() < share
        text = draw.choice(_TROUBLES if failed else _WORK).format(
            a=draw.randrange(100), b=draw.randrange(10**6)
        )
        second = written // 50
        head = (
            f"2026-05-04 {second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
            f".{written % 1000:03d} "
            f"{'ERROR' if failed else 'INFO '} [worker-{draw.randrange(16)}] com.example.shop.Orders - "
        )
        filler = f" trace_id={draw.getrandbits(128):032x} "
        yield (head + text + filler).ljust(width, "x")
        written += 1
        if failed and draw.random() < _TRACED:
            trace = _TRACE.format(a=draw.randrange(500), b=draw.randrange(10**6))
            yield trace
            written += trace.count("\n") + 1


def resident(process: psutil.Process) -> int:
    """Bytes of this process and its children."""
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))


def spent(process: psutil.Process) -> float:
    """Seconds of CPU of this process and its children: what a busy machine does not change."""
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


async def watch(process: psutil.Process, most: list[int], late: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.02)
        late[0] = max(late[0], time.perf_counter() - began - 0.02)
        most[0] = max(most[0], resident(process))
        most[1] = max(most[1], process.memory_info().rss)


async def measure(log: Path) -> None:
    process = psutil.Process()
    settings = Settings(environment="development", triage_max_bytes=1 << 40, triage_deadline_seconds=600)
    async with AsyncExitStack() as stack:
        service = await triage(stack, settings, SystemClock())

        async def progress(_: Stage, __: Reading) -> None:
            return

        # Warm: the reader has started and compiled its rules, as at rest in a running service.
        with tempfile.NamedTemporaryFile(suffix=".log") as small:
            small.write(b"2026-05-04 00:00:00 ERROR warm\n")
            small.flush()
            await service.summarize(
                FileSource(Path(small.name), rotated=0), user="u", fresh=False, progress=progress
            )
        rest = resident(process)
        most, late = [rest, 0], [0.0]
        own = process.memory_info().rss
        worked = spent(process)
        watching = asyncio.create_task(watch(process, most, late))
        began = time.perf_counter()
        summary = await service.summarize(
            FileSource(log, rotated=0), user="u", fresh=False, progress=progress
        )
        took = time.perf_counter() - began
        watching.cancel()
        read = summary.reading
        print(
            f"{read.bytes / 1e6:8.1f} MB {read.lines:>9,} lines {read.errors:>8,} errors"
            f" {read.groups:>5} groups"
            f" {took:7.2f} s ({spent(process) - worked:.2f} s of CPU) {read.lines / took:>9,.0f} lines/s"
            f"   +{(most[0] - rest) / 1e6:5.1f} MB over {rest / 1e6:.0f} at rest"
            f" (service +{(most[1] - own) / 1e6:.1f})   loop late {late[0] * 1e3:.0f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=float, default=46)
    parser.add_argument("--lines", type=int, default=150_000)
    parser.add_argument("--errors", type=float, default=0.1)
    parser.add_argument("--times", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "app.log"
        width = int(asked.megabytes * 1e6 / asked.lines) - 1
        with log.open("w") as file:
            file.writelines(f"{line}\n" for line in lines(asked.lines, width, asked.errors))
        uvloop.run(measure(log))
        if asked.times > 1:
            large = Path(folder) / "large.log"
            with large.open("wb") as file:
                for _ in range(asked.times):
                    file.write(log.read_bytes())
            uvloop.run(measure(large))


if __name__ == "__main__":
    main()

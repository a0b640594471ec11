"""Lines a second for records and for groups, on made-up logs of several shapes: `python -m bench.records`.

Figures of one machine compare with one another, not with another machine's.
"""

import argparse
import json
import random
import resource
import time
from collections.abc import Callable, Iterator

from triage.domain.grouping import Grouper
from triage.domain.model import RawRecord, Record, Redacted
from triage.domain.records import BLOCK, RecordReader

_PADDING = (
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore "
)


def java(rng: random.Random, level: str, at: str) -> str:
    line = f"2026-03-01 10:{at},123 {level:5} [http-{rng.randrange(64)}] com.acme.pay.Service - "
    if level != "ERROR":
        return (
            f"{line}order {rng.randrange(10**9)} accepted for customer {rng.randrange(10**6)} {_PADDING * 2}"
        )
    code = rng.choice(
        ["declined by issuer", "gateway timeout after 3000 ms", "duplicate key value for orders_pkey"]
    )
    return f"{line}order {rng.randrange(10**9)} failed: {code} host=10.0.0.{rng.randrange(255)} {_PADDING}"


def structured(rng: random.Random, level: str, at: str) -> str:
    return json.dumps(
        {
            "ts": f"2026-03-01T10:{at}Z",
            "level": level.lower(),
            "msg": f"request {rng.randrange(10**9)} done"
            if level != "ERROR"
            else f"query {rng.randrange(99)} failed",
            "path": f"/v1/orders/{rng.randrange(10**6)}",
            "note": _PADDING * 2,
        }
    )


def syslog(rng: random.Random, level: str, at: str) -> str:
    text = "error: connection reset by peer" if level == "ERROR" else "session opened for user app"
    head = f"Mar  1 10:{at} web-{rng.randrange(9)} sshd[{rng.randrange(30000)}]"
    return f"{head}: {text} from 10.0.0.{rng.randrange(255)} {_PADDING}"


def containerd(rng: random.Random, level: str, at: str) -> str:
    return f"2026-03-01T10:{at}.123456789Z stdout F {java(rng, level, at)}"


SHAPES: dict[str, Callable[[random.Random, str, str], str]] = {
    "java": java,
    "json": structured,
    "syslog": syslog,
    "containerd": containerd,
}


def made(shape: str, lines: int, errors: float) -> bytes:
    rng = random.Random(7)
    rows = []
    for number in range(lines):
        at = f"{number * 60 // lines:02}:{rng.randrange(60):02}"
        rows.append(SHAPES[shape](rng, "ERROR" if rng.random() < errors else "INFO", at))
    return "\n".join(rows).encode()


def blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))


def as_if_redacted(raw: RawRecord) -> Record:
    return Record(
        text=Redacted(raw.text),
        message=Redacted(raw.message),
        level=raw.level,
        timestamp=raw.timestamp,
        logger=Redacted(raw.logger),
        trace_id=raw.trace_id,
        first_line=raw.first_line,
        last_line=raw.last_line,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=50_000)
    lines = parser.parse_args().lines
    print(
        f"{'shape':12} {'errors':>6} {'MB':>6} {'lines/s':>12} {'MB/s':>7}"
        f" {'grouped/s':>12} {'groups':>7} {'peak MB':>8}"
    )
    for shape in SHAPES:
        for errors in (0.02, 0.5):
            data = made(shape, lines, errors)
            start = time.process_time()
            found = [as_if_redacted(raw) for raw in RecordReader().read(blocks(data))]
            read = time.process_time() - start
            grouper = Grouper()
            start = time.process_time()
            for record in found:
                grouper.add(record)
            groups = grouper.groups()
            grouped = time.process_time() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{shape:12} {errors:6.0%} {len(data) / 1e6:6.1f} {lines / read:12,.0f}"
                f" {len(data) / 1e6 / read:7.1f}"
                f" {len(found) / grouped:12,.0f} {len(groups):7} {peak:8.0f}"
            )


if __name__ == "__main__":
    main()

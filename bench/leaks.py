"""What a model would be sent of labelled secrets: every line as an error, every request recorded.

    python -m bench.leaks FOLDER

FOLDER holds `*.jsonl.gz` files of rows with `line`, `secrets` and, as long, `kinds`, and
`tiers.json` from kind to tier. Prints, by file and tier, how many labelled secrets were
found in the request bodies a recording endpoint received, and how the requests ended.
"""

import argparse
import asyncio
import gzip
import json
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bench.corpus import stands_in
from chassis.clock import SystemClock
from triage.testing.asking import Build
from triage.testing.fake_model import fake_model

_AT_ONCE = 20
_UNKNOWABLE = 3


def rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


async def measure(path: Path, tiers: dict[str, int], *, show: bool) -> None:
    found = rows(path)
    sent, leaked, outcomes = Counter[int](), Counter[int](), Counter[str]()
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(fake_model())
        asked = Build(stack, SystemClock(), fake.url)(triage_daily_tokens=0, triage_daily_tokens_per_user=0)
        for at in range(0, len(found), _AT_ONCE):
            batch = found[at : at + _AT_ONCE]
            log = "".join(
                f"2026-05-04 10:00:{i:02d} ERROR app: {row['line']}\n" for i, row in enumerate(batch)
            )
            before = len(fake.bodies)
            summary = await asked.summarize(log, fresh=True)
            outcomes[summary.model.outcome if summary.model else "none"] += 1
            # What the receiver reads, not how the wire escapes it.
            body = "".join(json.loads(sent)["messages"][-1]["content"] for sent in fake.bodies[before:])
            for row in batch:
                for secret, kind in zip(row["secrets"], row["kinds"], strict=True):
                    tier = tiers.get(kind, _UNKNOWABLE)
                    sent[tier] += 1
                    if stands_in(secret, kind, body):
                        leaked[tier] += 1
                        if show:
                            print(f"  tier {tier} {kind}: {row['line'][:150]}")
    told = ", ".join(f"tier {tier} {leaked[tier]} of {sent[tier]}" for tier in sorted(sent)) or "no labels"
    print(f"{path.name:24} {told}; {len(fake.bodies)} requests, endings {dict(outcomes)}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", action="store_true", help="print the lines that leaked")
    asked = parser.parse_args()
    tiers = json.loads((asked.folder / "tiers.json").read_text())
    for path in sorted(asked.folder.glob("*.jsonl.gz")):
        asyncio.run(measure(path, tiers, show=asked.show))


if __name__ == "__main__":
    main()

"""`make chaos`: the matrix of docs/degradation.md from a run; exit status 1 on a broken promise."""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from suite.chaos import page
from suite.chaos.campaign import TRIES, run
from suite.chaos.promises import PROMISES, Table
from suite.children import ChildFailed
from suite.places import ROOT
from suite.postgres import PostgresNotStarted
from suite.servers import scratch
from suite.valkey import ValkeyNotStarted

PAGE = ROOT / "docs/degradation.md"


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos ARGS=...", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page of this run")
    parser.add_argument("--only", metavar="TEXT", help="only faults with this in their name: 'Redis', 'hung'")
    parser.add_argument("--check", action="store_true", help=f"only whether {PAGE.name} fits the promises")
    return parser.parse_args(arguments)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def check() -> int:
    stale = page.stale(PAGE.read_text(encoding="utf-8"))
    for sentence in stale:
        say(f"docs/degradation.md: {sentence}")
    if stale:
        say("Run `make chaos-docs`.")
    return 1 if stale else 0


def main(arguments: Sequence[str], table: Table = PROMISES) -> int:
    asked = options(arguments)
    if asked.check:
        return check()
    # Whatever hangs has to be let go of before it can be ended.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    keys = [key for key in table if asked.only is None or asked.only in ", ".join(key)]
    began = time.monotonic()
    try:
        with scratch() as folder:
            say("Starting two of each")
            rows = run(folder, table, keys, say)
    except (ChildFailed, PostgresNotStarted, ValkeyNotStarted) as known:
        sys.stderr.write(f"{known}\n")
        return 1
    seconds = time.monotonic() - began
    if asked.write is not None:
        asked.write.parent.mkdir(parents=True, exist_ok=True)
        asked.write.write_text(page.page(rows, seconds=seconds, tries=TRIES), encoding="utf-8")
    broken = [key for key, row in rows.items() if not row.kept]
    cells = sum(len(row.cells) for row in rows.values())
    say(f"{len(rows)} faults, {cells} promises, {len(broken)} faults with a broken one, {seconds:.0f} s.")
    return 1 if broken or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

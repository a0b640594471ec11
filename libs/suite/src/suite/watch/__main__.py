"""Writes dashboards, rules and docs/telemetry.md; with `--check` it only says which are stale.

`python -m suite.watch --rules FOLDER --runbooks https://wiki.example/runbooks` writes the rules alone, for a
Prometheus without the chart, with links to where you keep the runbooks.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from suite.places import ROOT
from suite.watch import rules
from suite.watch.alerts import RUNBOOKS
from suite.watch.boards import BOARDS
from suite.watch.document import document

_CHART: Final = ROOT / "charts" / "api-reliability-suite" / "files"


def written() -> Iterator[tuple[Path, str]]:
    """Each file, and what has to be in it."""
    yield ROOT / "docs" / "telemetry.md", document()
    for name, text in rules.files().items():
        yield _CHART / "rules" / name, text
    for name, board in BOARDS.items():
        yield _CHART / "dashboards" / f"{name}.json", json.dumps(board.json(), indent=1) + "\n"


def main(arguments: list[str]) -> int:
    asked = _parser().parse_args(arguments)
    if asked.rules is not None:
        asked.rules.mkdir(parents=True, exist_ok=True)
        for name, text in rules.files(asked.runbooks).items():
            (asked.rules / name).write_text(text, encoding="utf-8")
        return 0
    check = asked.check
    stale = [
        (file, text)
        for file, text in written()
        if not file.is_file() or file.read_text(encoding="utf-8") != text
    ]
    for file, text in stale:
        if check:
            sys.stderr.write(f"{file.relative_to(ROOT)} is not what it is written from: run `make docs`.\n")
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return 1 if stale and check else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m suite.watch", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, say what is stale")
    parser.add_argument("--rules", type=Path, metavar="FOLDER", help="write the rules there and nothing else")
    parser.add_argument("--runbooks", default=RUNBOOKS, help="with --rules: where the runbooks are")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

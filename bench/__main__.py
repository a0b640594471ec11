"""What the suite costs beside what one would use instead, in one run: `python -m bench --help`."""

import argparse
import datetime as dt
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import documented, edge, plot, table
from bench.corpus import Corpus, corpus
from bench.installation import credentials, installed
from bench.lines import Lines, working
from bench.load import get, post
from bench.places import HERE
from bench.sessions import fastapi_users
from bench.signing_in import Pool, SignIns
from bench.targets import Target, of_lines, of_requests, of_sign_ins
from bench.workload import Row, Workload

BCRYPT = 12
TOPICS = ("decision", "proxied", "own routes", "sessions", "sign-in", "lines")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Effort:
    """How often, and how many seconds each time."""

    rounds: int
    requests: float
    sign_ins: float
    lines: float


FULL = Effort(rounds=10, requests=1.2, sign_ins=4.0, lines=0.6)
QUICK = Effort(rounds=3, requests=0.6, sign_ins=2.0, lines=0.4)


@dataclass(frozen=True, slots=True)
class Measured:
    rows: Sequence[Row]
    targets: Sequence[Target]

    @property
    def failed(self) -> int:
        return sum(row.failed for row in self.rows)


@dataclass(slots=True)
class Everything:
    """All that is measured, up and interleaved: a round of each, then the next round of each.

    Args:
        requests: the first is the yardstick of the others.
        pool: what sign-ins are compared with; None when there are none.
        sign_ins: the suite's first.
        lines: redaction and grouping, or None.
    """

    requests: list[Workload]
    pool: Pool | None
    sign_ins: list[SignIns]
    lines: Lines | None

    def measure(self, effort: Effort) -> Measured:
        if self.lines:
            self.lines.judge()
        for one in self.requests:
            one.check()
        for number in range(effort.rounds):
            print(f"round {number + 1} of {effort.rounds}", file=sys.stderr, flush=True)
            self._round(effort)
        rows = [one.row(self.requests[0]) for one in self.requests]
        order = list(dict.fromkeys(row.topic for row in rows))
        rows.sort(key=lambda row: order.index(row.topic))
        kept = list(of_requests(self.requests))
        if self.pool:
            rows += [self.pool.row(), *(one.row(self.pool) for one in self.sign_ins)]
            kept += of_sign_ins(self.pool, self.sign_ins[0])
        if self.lines:
            rows += self.lines.rows()
            kept += of_lines(self.lines.rows())
        return Measured(rows, kept)

    def _round(self, effort: Effort) -> None:
        for one in self.requests:
            one.measure(effort.requests)
        if self.lines:
            self.lines.measure(effort.lines)
        if self.pool:
            self.pool.measure(effort.sign_ins)
        for other in self.sign_ins:
            other.measure(effort.sign_ins)


def everything(stack: ExitStack, folder: Path, known: Corpus, topics: frozenset[str]) -> Everything:
    there = stack.enter_context(installed(folder, bcrypt_rounds=BCRYPT))
    token = str(there.sign_in()["access_token"])
    users = fastapi_users(stack, folder, there)
    requests = [
        *edge.yardsticks(stack, folder),
        *edge.ours(there, token),
        edge.usual_parts(stack, folder, there, token),
        *edge.in_front(stack, folder, there, token),
        users.me,
    ]
    gateway = there.uvicorn
    sign_ins = SignIns(
        name="the suite, /authz meanwhile",
        port=gateway.port,
        request=post(gateway.host, "/login", credentials(there.suite), FORM),
        probe=get(gateway.host, "/authz", {"Authorization": f"Bearer {token}"}),
        probed="/authz",
        servers={"gateway": gateway.pid, "auth": there.auth},
        ours=True,
    )
    signs_in = "sign-in" in topics
    return Everything(
        [one for one in requests if one.topic in topics | {"floor"}],
        Pool(BCRYPT) if signs_in else None,
        [sign_ins, users.sign_ins] if signs_in else [],
        stack.enter_context(working(folder / "lines", known)) if "lines" in topics else None,
    )


def written(measured: Measured, path: Path, known: Corpus, effort: Effort) -> None:
    """The figures as JSON, and the picture beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "when": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "effort": asdict(effort),
        "corpus": known.told,
        "rows": [asdict(row) for row in measured.rows],
        "targets": [asdict(one) | {"kept": one.kept} for one in measured.targets],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".svg").write_text(plot.svg(measured.rows), encoding="utf-8")


def read(path: Path) -> tuple[Measured, str]:
    """What `written` wrote, and what it says of its lines."""
    document = json.loads(path.read_text(encoding="utf-8"))
    rows = [Row(**row) for row in document["rows"]]
    kept = [
        Target(**{name: one[name] for name in ("name", "seen", "least", "most")})
        for one in document["targets"]
    ]
    return Measured(rows, kept), document["corpus"]


def tell(measured: Measured, corpus_told: str, *, write_docs: bool) -> None:
    print(table.text(measured.rows, measured.targets))
    if write_docs:
        tables, picture = table.markdown(measured.rows, measured.targets), plot.svg(measured.rows)
        documented.write(tables, picture, corpus_told)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes; the full run takes about ten")
    parser.add_argument("--rounds", type=int, help="how often everything is measured")
    parser.add_argument("--corpus", type=Path, help="labelled lines of others; see bench/corpus.py")
    parser.add_argument("--only", choices=TOPICS, nargs="+", default=TOPICS, help="measure no more than that")
    today = dt.datetime.now(dt.UTC).date()
    parser.add_argument(
        "--json", type=Path, default=HERE / f".cache/bench/{today}.json", help="where figures go"
    )
    parser.add_argument("--write-docs", action="store_true", help="put this run into docs/performance.md")
    parser.add_argument("--again", type=Path, help="tell an earlier run's JSON again, measure nothing")
    asked = parser.parse_args()
    if asked.again is not None:
        measured, told = read(asked.again)
        tell(measured, told, write_docs=asked.write_docs)
        sys.exit(1 if measured.failed else 0)
    effort = QUICK if asked.quick else FULL
    if asked.rounds:
        effort = Effort(asked.rounds, effort.requests, effort.sign_ins, effort.lines)
    known = corpus(asked.corpus)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        measured = everything(stack, folder, known, frozenset(asked.only)).measure(effort)
    written(measured, asked.json, known, effort)
    tell(measured, known.told, write_docs=asked.write_docs)
    print(f"\n{asked.json} and .svg", file=sys.stderr)
    sys.exit(1 if measured.failed else 0)


if __name__ == "__main__":
    main()

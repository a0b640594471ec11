"""docs/degradation.md: what was promised and what was seen, from one run; and whether a page still fits."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from suite.chaos.campaign import Row
from suite.chaos.faults import FAULTS
from suite.chaos.judge import Cell
from suite.chaos.promises import GROUPS, INAPPLICABLE, PROMISES, Table, rows
from suite.chaos.routes import BY_NAME
from suite.chaos.stage import LIMIT, TIMINGS
from suite.chaos.visitor import BURST

Key = tuple[str, str]
Rows = Mapping[Key, Row]
_YES, _NO = "yes", "**no**"
_AT_ONCE_SECONDS = 0.05
_COLUMNS = 7
_MATRIX = "The matrix"

_HEAD = """# Degradation

What every route does while something it stands on is stopped, killed, hung, slow, read-only or failing
over: what is promised, what was seen, and how soon it was over. Written by `make chaos-docs` from a run;
`.ci/run` does the same run (`make chaos`) and fails on a broken promise or on a cell without one. The
promises are data, in [promises.py](../libs/suite/src/suite/chaos/promises.py); this page is checked
against them.

## How it is seen

A real PostgreSQL and Valkey, two replicas each of gateway, auth and triage as processes, a stand-in model
and collector on sockets. Clients reach the gateways through a balancer that looks at `/readyz`, with a
connection for each request; the gateways reach auth and triage by gRPC round robin over two addresses. In
between lie TCP passages that can be slow, hang or refuse. Each route below is asked all the time by one
client of its own, which never tries again.

- **seen**: outcomes from the moment the fault was begun to the moment it was begun to be lifted. A limit's
  outcome is that of a burst of {burst} requests where {limit} are allowed: `exact`, `open` (all admitted),
  `closed` (503), `above`, `below`. `200 model`, `200 cached` and the like name the `source` of the answer.
  A 503 without `Retry-After`, or a fallback without `X-Degraded`, is an outcome of its own, and none that
  is promised.
- **p99**, in ms, is the slowest where fewer than a hundred were seen; **quiet** is the same over all the
  good times of the run. A limit's is that of the whole burst.
- **back**: from the moment that what was broken says itself that it is back, to the first of three usual
  outcomes in a row (of one burst).
- **as usual**, in the matrix, are the outcomes of good times and no other.
- A bound on time is widened by what a process that does nothing took longer at the same moment, asked by
  the same client. What was late, or hangs on an answer of Redis within tens of milliseconds (limits,
  fallback), is looked at again at the end of the run, up to {tries} times in all, for a busy machine makes
  things late and never early. Everything else counts at once.

Shorter than shipped, so that seconds suffice:

{timings}

Passwords cost `BCRYPT_ROUNDS=4`. All else that matters here is as shipped: `AUTH_TIMEOUT_SECONDS=0.9`,
`DATABASE_TIMEOUT_SECONDS=0.7`, `RATE_LIMIT_STORE_TIMEOUT_MS=40`.

This run: {when}, {cpus} processors, {seconds:.0f} s, {faults} faults, {cells} promises, {broken}.
"""


def page(seen: Rows, *, seconds: float, tries: int) -> str:
    cells = [cell for row in seen.values() for cell in row.cells.values()]
    broken = sum(not cell.kept for cell in cells)
    timings = "\n".join(
        f"- {service}: " + ", ".join(f"`{name}={value}`" for name, value in settings.items())
        for service, settings in TIMINGS.items()
    )
    head = _HEAD.format(
        burst=BURST,
        limit=LIMIT,
        tries=tries,
        timings=timings,
        when=datetime.now(UTC).date().isoformat(),
        cpus=os.cpu_count(),
        seconds=seconds,
        faults=len(seen),
        cells=len(cells),
        broken="every one kept" if not broken else f"{broken} broken",
    )
    return "\n".join([head, *_matrix(seen), *_inapplicable(), *_sections(seen)]) + "\n"


def _matrix(seen: Rows) -> Iterator[str]:
    yield f"## {_MATRIX}\n"
    yield "| what | how | " + " | ".join(GROUPS) + " | back, at most | kept |"
    yield "|---" * (len(GROUPS) + 4) + "|"
    for (what, how), row in seen.items():
        groups = [_group(row, names) for names in GROUPS.values()]
        back = [cell.back for cell in row.cells.values()]
        slowest = _back(None if None in back else max(each or 0.0 for each in back))
        yield f"| {what} | {how} | {' | '.join(groups)} | {slowest} | {_YES if row.kept else _NO} |"
    yield ""


def _group(row: Row, names: Sequence[str]) -> str:
    """The outcomes of some routes, most frequent first; what all share as usual in one word."""
    counts: dict[str, int] = {}
    for name in names:
        for outcome, count in row.cells[name].outcomes.items():
            counts[outcome] = counts.get(outcome, 0) + count
    usual = {outcome for name in names for outcome in BY_NAME[name].usual}
    if counts and set(counts) <= usual:
        return "as usual"
    ordered = sorted(counts, key=lambda outcome: -counts[outcome])
    return ", ".join(f"{outcome} x {counts[outcome]}" for outcome in ordered)


def _inapplicable() -> Iterator[str]:
    yield "Not in the table, for there is no such thing:\n"
    for (what, how), why in INAPPLICABLE.items():
        yield f"- {what}, {how}: {why}."
    yield ""


def _sections(seen: Rows) -> Iterator[str]:
    for key, row in seen.items():
        again = "" if row.tries == 1 else f" Looked at {row.tries} times."
        yield f"## {_title(key)}\n"
        yield f"{FAULTS[key].how[0].upper()}{FAULTS[key].how[1:]}.{again}\n"
        yield "| route | promised | seen | p99 | quiet | back | kept |"
        yield "|---|---|---|---|---|---|---|"
        for name, cell in row.cells.items():
            yield _line(name, cell)
        yield ""


def _line(name: str, cell: Cell) -> str:
    seen = ", ".join(
        f"{outcome} x {count}" for outcome, count in sorted(cell.outcomes.items(), key=lambda pair: -pair[1])
    )
    kept = _YES if cell.kept else f"{_NO}: {'; '.join((*cell.wrong, *cell.late))}"
    figures = f"{cell.p99 * 1000:.0f} | {cell.quiet_p99 * 1000:.0f} | {_back(cell.back)}"
    return f"| {BY_NAME[name].label} | {cell.promise} | {seen} | {figures} | {kept} |"


def _back(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return "at once" if seconds < _AT_ONCE_SECONDS else f"{seconds:.1f} s"


def _title(key: Key) -> str:
    return f"{key[0]}: {key[1]}"


def stale(text: str, table: Table = PROMISES) -> list[str]:
    """What of a page does not fit the promises, in sentences: a cell that is not there, empty or broken."""
    told: dict[tuple[str, str], tuple[str, str, str]] = {}
    title = ""
    for line in text.splitlines():
        if line.startswith("## "):
            title = line.removeprefix("## ")
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == _COLUMNS and cells[0] != "route":
            told[title, cells[0]] = (cells[1], cells[2], cells[-1])
    wanted = {(_title(fault), BY_NAME[route].label): str(promise) for fault, route, promise in rows(table)}
    faults = []
    for (fault, route), promise in wanted.items():
        found = told.pop((fault, route), None)
        where = f"{fault}, {route}"
        if found is None:
            faults.append(f"{where} is not there.")
        elif found[0] != promise:
            faults.append(f"{where} promises {found[0]!r} and not {promise!r}.")
        elif not found[1] or found[2] != _YES:
            faults.append(f"{where} is empty or was broken.")
    return faults + [f"{fault}, {route} is promised no longer." for fault, route in told if fault != _MATRIX]

"""The harness itself, on the yardsticks that need nothing: what it counts, and what it makes of that."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import corpus, documented, edge, load, table
from bench.__main__ import FULL, Measured, read, written
from bench.chains import Chain
from bench.lines import worker
from bench.profile import Profile
from bench.targets import Target
from bench.workload import LetsAnybodyIn, Row, Workload, same


@pytest.fixture(scope="module")
def yardsticks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Workload]]:
    with ExitStack() as stack:
        yield edge.yardsticks(stack, tmp_path_factory.mktemp("servers"))


def test_a_bare_app_costs_less_than_a_route_and_every_request_is_counted(yardsticks: list[Workload]):
    for _ in range(2):
        for one in yardsticks:
            one.measure(0.4)
    route, app, *granian = (one.row(yardsticks[0]) for one in yardsticks)

    assert route.times == pytest.approx(1.0)
    assert app.times is not None
    assert app.times > 1.5
    for row in (route, app, *granian):
        assert row.failed == 0
        assert row.done > 100
        assert row.cpu_us > 0
        assert row.p50_ms is not None
        assert 0 < row.p50_ms <= (row.p99_ms or 0)
        assert (row.resident_mb or 0) > 10


def test_an_answer_that_is_no_success_is_a_failure_and_told(yardsticks: list[Workload]):
    route = yardsticks[0]
    missing = load.get(f"127.0.0.1:{route.port}", "/nowhere")
    lost = Workload("floor", "missing", route.port, same(missing, 2), route.servers)
    lost.measure(0.1)

    row = lost.row(lost)
    assert row.failed == row.done > 0
    assert "404" in row.note


def test_what_lets_anybody_in_is_no_yardstick_for_what_does_not(yardsticks: list[Workload]):
    route = yardsticks[0]
    bearer = {"Authorization": "Bearer x"}
    asked = same(load.get(f"127.0.0.1:{route.port}", "/", bearer), 1)
    guarded = Workload("decision", "no guard", route.port, asked, route.servers)
    with pytest.raises(LetsAnybodyIn, match="no guard answers"):
        guarded.check()
    guarded.open = True
    guarded.check()
    route.check()


def test_a_refresh_spends_the_token_of_the_answer_before_and_none_twice():
    chain = Chain("localhost")
    chain.tokens.append("first")

    assert b'"first"' in (chain.next() or b"")
    assert chain.next() is None
    chain.answered(200, b'{"refresh_token": "second"}')
    assert b'"second"' in (chain.next() or b"")
    chain.answered(503, b"{}")
    assert chain.next() is None


def test_workers_answer_and_are_timed(tmp_path: Path):
    known = corpus.corpus(None)
    with worker("redaction", "the suite", "redaction", tmp_path, ours=True) as redactor:
        redactor.work_on([row.line for row in known.labelled])
        verdict = corpus.judge(known.labelled, redactor.answers())
        redactor.measure("lines", 0.05)
    assert verdict.leaked == {"tier 1": 0.0, "tier 2": 0.0}
    assert verdict.changed == {"benign": 0.0}
    assert redactor.costs["lines"][0] > 0

    with worker("grouping", "the suite", "grouping", tmp_path, ours=True) as grouper:
        for system in known.systems:
            grouper.work_on(system.lines)
            assert corpus.accuracy(system.groups, grouper.answers()) == 1.0


def test_leaks_and_harm_are_seen():
    rows = [
        corpus.Labelled("password=abc", (("keyed_password", 1, "abc"),), "positive"),
        corpus.Labelled("from 10.0.0.1", (("ipv4", 1, "10.0.0.1"),), "positive"),
        corpus.Labelled("all is well", (), "benign"),
    ]
    verdict = corpus.judge(rows, ["password=abc", "from 10.0.0.12", "all is <WELL>"])
    assert verdict.leaked == {"tier 1": 0.5}
    assert verdict.changed == {"benign": 1.0}
    assert corpus.accuracy(["a", "a", "b", "c"], ["1", "1", "2", "2"]) == 0.5


def test_a_profile_counts_who_is_at_work_and_neither_waits_nor_parked_threads():
    folded = """\
run (asyncio/runners.py:10);uv_run (core.c:464);epoll_wait (libc.so.6) 50
run (asyncio/runners.py:10);__call__ (gateway/chain.py:5);write (libc.so.6) 3
run (asyncio/runners.py:10);__call__ (gateway/chain.py:5) 4
run (asyncio/runners.py:10);__call__ (gateway/chain.py:9) 1
process 7:"python -m gateway";0x7f (granian/_granian.cpython-311.so);syscall (libc.so.6) 90
"""
    profile = Profile.of("/authz", "gateway", folded)
    assert profile.samples == 8
    assert profile.layers == {"gateway/chain": 5, "libc": 3}
    assert profile.functions["__call__ (gateway/chain.py)"] == 5
    assert "| `__call__ (gateway/chain.py)` | 62.5% |" in profile.told()


def test_a_run_is_told_as_table_page_picture_and_json(tmp_path: Path):
    rows = [
        Row("decision", "ours <1>", True, 20.0, times=2.5, done=9, note="told"),
        Row("grouping", "x", False, 3),
    ]
    targets = [Target("more", 2.0, least=2.0), Target("less", 2.0, most=1.8)]
    told = table.text(rows, targets)
    assert "* ours <1>" in told
    assert told.count("MISSED") == 1
    page = table.markdown(rows, targets)
    assert "| **ours <1>** | 20.0 |" in page
    begin, end = documented.RUN
    around = f"before {begin} old {end} after"
    again = documented.between(documented.between(around, documented.RUN, page), documented.RUN, page)
    assert again.count("**ours <1>**") == 1
    assert again.startswith("before ")
    assert again.endswith(" after")

    measured = Measured(rows, targets)
    written(measured, tmp_path / "run.json", corpus.Corpus("made up", [], []), FULL)
    assert read(tmp_path / "run.json") == (measured, "made up")
    assert json.loads((tmp_path / "run.json").read_text())["rows"][0]["name"] == "ours <1>"
    assert ET.parse(tmp_path / "run.svg").getroot().tag.endswith("svg")  # noqa: S314  # our own

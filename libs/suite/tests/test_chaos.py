"""The matrix fails on a broken promise, on an empty cell and on a page that fits no more."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import ClassVar, cast

import pytest

from suite.chaos import page
from suite.chaos.__main__ import PAGE
from suite.chaos.drive import Sample
from suite.chaos.faults import FAULTS
from suite.chaos.judge import Cell, Machine, Moments, judge
from suite.chaos.passage import HOST, Passage
from suite.chaos.promises import PROMISES, Promise, promised
from suite.chaos.routes import BY_NAME, ROUTES

# Good until 10, broken from 11 to 14, back from 15 on.
MOMENTS = Moments(quiet=5.0, began=10.0, there=11.0, ending=14.0, over=15.0)
WORKS = Promise(outcomes=frozenset({"200"}), within=0.5)
REFUSES = Promise(outcomes=frozenset({"503"}), within=0.5)


def _seen(during: str, *, took: float = 0.01, after: str = "200", before: str = "200") -> list[Sample]:
    """One a quarter of a second."""
    samples = []
    for quarter in range(5 * 4, 20 * 4):
        began = quarter / 4
        kind = before if began < 10 else during if began < 14 else after
        samples.append(Sample(began, began + (took if kind == during and 10 <= began < 14 else 0.01), kind))
    return samples


def _judged(samples: list[Sample], promise: Promise, machine: Machine | None = None) -> Cell:
    quiet = [sample for sample in samples if sample.ended < MOMENTS.began]
    return judge(BY_NAME["users"], promise, samples, MOMENTS, quiet, machine or Machine())


def test_what_was_promised_is_kept() -> None:
    assert _judged(_seen("200"), WORKS).kept
    assert _judged(_seen("503"), REFUSES).kept


def test_one_outcome_that_was_not_promised_breaks_it() -> None:
    samples = _seen("200")
    samples[30] = replace(samples[30], outcome="503")
    assert _judged(samples, WORKS).wrong == ("503 x 1",)


def test_working_on_where_a_refusal_was_promised_breaks_it_too() -> None:
    assert _judged(_seen("200"), REFUSES).wrong


def test_a_refusal_that_names_no_time_to_come_back_is_none_that_was_promised() -> None:
    assert _judged(_seen("503 without Retry-After"), REFUSES).wrong


def test_one_that_is_slower_breaks_it_unless_the_machine_was() -> None:
    samples = _seen("200", took=0.6)
    assert _judged(samples, WORKS).late == ("the slowest took 600 ms",)
    assert _judged(samples, WORKS, Machine(slowest=0.2)).kept


def test_one_that_gave_up_waiting_is_late_which_is_looked_at_again() -> None:
    samples = _seen("200")
    samples[30] = replace(samples[30], outcome="no answer in 3 s")
    cell = _judged(samples, WORKS)
    assert (cell.kept, cell.wrong) == (False, ())


def test_one_that_still_waits_when_the_fault_ends_is_late() -> None:
    samples = [sample for sample in _seen("200") if not 11 <= sample.began < 14]
    samples.append(Sample(11.5, 16.0, "200"))
    samples.sort(key=lambda sample: sample.ended)
    assert "2500 ms" in str(_judged(samples, WORKS).late)


def test_a_cell_with_nothing_in_it_is_broken() -> None:
    assert not _judged([sample for sample in _seen("200") if not 10 <= sample.began < 15], WORKS).kept


def test_what_does_not_come_back_in_time_breaks_it() -> None:
    assert "it did not come back" in _judged(_seen("503", after="503"), REFUSES).wrong
    late = _seen("503")
    late = [replace(each, outcome="503") if 15 <= each.began < 18 else each for each in late]
    cell = _judged(late, replace(REFUSES, back=2.0))
    assert cell.late
    assert cell.back == pytest.approx(2.76)


def test_what_was_under_way_may_be_lost_once_and_no_more() -> None:
    promise = replace(WORKS, lost=0.25)
    samples = _seen("200")
    moment = next(number for number, sample in enumerate(samples) if sample.began == 11.0)
    samples[moment] = replace(samples[moment], outcome="connection lost")
    assert _judged(samples, promise).kept
    assert not _judged(samples, WORKS).kept
    samples[moment + 1] = replace(samples[moment + 1], outcome="connection lost")
    assert not _judged(samples, promise).kept


def test_every_fault_has_its_promises_and_every_promise_its_route() -> None:
    assert list(PROMISES) == list(FAULTS)
    assert {name for promises in PROMISES.values() for name in promises} <= set(BY_NAME)
    assert all(promised(fault, route.name).outcomes for fault in PROMISES for route in ROUTES)


def test_the_page_fits_the_promises() -> None:
    assert page.stale(PAGE.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("within 1 s", "within 2 s", 1), "promises"),
        (lambda text: text.replace("| yes |\n\n## Redis: killed", "|\n\n## Redis: killed"), "is not there"),
        (lambda text: text.replace("## Redis: hung", "## Redis: asleep"), "is not there"),
    ],
    ids=["another promise", "a row without an end", "another fault"],
)
def test_a_page_that_fits_no_more_is_told(change: Callable[[str], str], said: str) -> None:
    told = page.stale(change(PAGE.read_text(encoding="utf-8")))
    assert told
    assert said in told[0]


class _Echo(asyncio.Protocol):
    open: ClassVar[set[asyncio.BaseTransport]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.open.add(transport)
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open.discard(self._transport)


@asynccontextmanager
async def _echoing() -> AsyncIterator[Passage]:
    server = await asyncio.get_running_loop().create_server(_Echo, HOST, 0)
    passage = Passage(lambda: [server.sockets[0].getsockname()[1]])
    await passage.open()
    async with server, asyncio.timeout(10):
        yield passage
        await passage.refuse()
        while _Echo.open:
            await asyncio.sleep(0.001)


async def _said(passage: Passage, *words: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, passage.port)
    try:
        for word in words:
            writer.write(word)
            await writer.drain()
        return await reader.readexactly(sum(map(len, words)))
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_passage_passes_and_is_as_slow_as_it_is_told() -> None:
    async with _echoing() as passage:
        assert await _said(passage, b"one", b"two") == b"onetwo"
        passage.delay = 0.1
        began = time.monotonic()
        assert await _said(passage, b"one", b"two") == b"onetwo"
        assert time.monotonic() - began >= 0.2


async def test_a_passage_refuses_hangs_and_heals_at_the_same_port() -> None:
    async with _echoing() as passage:
        await passage.refuse()
        with pytest.raises(ConnectionRefusedError):
            await _said(passage, b"one")
        await passage.open()
        assert await _said(passage, b"one") == b"one"
        passage.hang()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_said(passage, b"one"), 0.2)
        passage.heal()
        assert await _said(passage, b"one") == b"one"


# One fault, and of it a promise that nobody can keep: a model's answer while the model is gone.
_IMPOSSIBLE = """
import sys
from dataclasses import replace
from suite.chaos.__main__ import main
from suite.chaos.promises import PROMISES

fault = ("model", "stopped")
promises = PROMISES[fault]
broken = replace(promises["triage-new"], outcomes=frozenset({"200 model"}))
sys.exit(main(["--only", ", ".join(fault)], {fault: {**promises, "triage-new": broken}}))
"""


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(300)
def test_a_promise_that_the_suite_does_not_keep_is_exit_status_1() -> None:
    ran = subprocess.run([sys.executable, "-c", _IMPOSSIBLE], capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert "triage-new: 200 extractive" in ran.stdout
    assert "1 faults with a broken one" in ran.stdout

"""Logs are read in processes of their own, which hold no secret, are bounded, and are replaced when lost."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest

from chassis.errors import ServiceError
from triage.domain.model import Reading
from triage.domain.reading import Digest
from triage.sources.source import Mark, Piece
from triage.workers.pool import Busy, Readers

pytestmark = pytest.mark.alone

LINE = b"2026-03-01T10:00:00Z ERROR shop: order 17 of mary.major@example.com failed\n"


async def silent(_: Reading) -> None:
    return


async def pieces(*given: Piece) -> AsyncIterator[Piece]:
    for piece in given:
        yield piece


async def endless() -> AsyncIterator[Piece]:
    while True:
        yield LINE * 500
        await asyncio.sleep(0)


async def then_silence(*given: Piece) -> AsyncIterator[Piece]:
    for piece in given:
        yield piece
    await asyncio.Event().wait()


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    async with AsyncExitStack() as stack:
        pool = Readers(count=1, queue=1, rules=None)
        await pool.open(stack)
        yield pool


def children() -> list[psutil.Process]:
    """The readers alone: other tests' servers are children of this process too."""
    return [child for child in psutil.Process().children() if "triage.workers.child" in arguments(child)]


def arguments(child: psutil.Process) -> list[str]:
    try:
        return child.cmdline()
    except psutil.Error:
        return []


async def digest(readers: Readers, given: AsyncIterator[Piece], seconds: float = 20) -> Digest:
    return await readers.digest(given, seconds=seconds, progress=silent)


async def test_one_process_serves_many_logs_and_mixes_none_of_them(readers: Readers) -> None:
    before = [child.pid for child in children()]
    for count in (1, 3, 2):
        found = await digest(readers, pieces(LINE * count))
        assert (found.reading.errors, found.redactions[0].count) == (count, count)
        assert "<EMAIL_1>" in found.groups[0].example

    assert [child.pid for child in children()] == before


async def test_a_record_ends_where_its_file_does(readers: Readers) -> None:
    found = await digest(
        readers, pieces(LINE + b"\tat a.b.C(D.java:1)", Mark.BOUNDARY, b"\tat e.f.G(H.java:2)\n" + LINE)
    )

    assert found.reading.lines == 4
    assert "H.java" not in found.groups[0].example


async def test_a_gap_is_told(readers: Readers) -> None:
    assert not (await digest(readers, pieces(LINE))).reading.input_truncated
    assert (await digest(readers, pieces(LINE, Mark.CUT))).reading.input_truncated


async def test_the_process_knows_nothing_of_the_services_environment(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    async with AsyncExitStack() as stack:
        await Readers(count=1, queue=0, rules=None).open(stack)
        for child in children():
            assert not {name for name in child.environ() if "KEY" in name or "SECRET" in name}


@pytest.mark.parametrize("source", [endless, lambda: then_silence(LINE)])
async def test_what_cannot_be_read_in_time_is_cut_and_said(
    readers: Readers, source: Callable[[], AsyncIterator[Piece]]
) -> None:
    began = time.monotonic()

    found = await digest(readers, source(), seconds=0.5)

    assert found.reading.input_truncated
    assert found.reading.errors >= 1
    assert time.monotonic() - began < 5


async def test_past_the_queue_nobody_waits(readers: Readers) -> None:
    running = [asyncio.create_task(digest(readers, then_silence(LINE))) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(Busy) as caught:
        await digest(readers, pieces(LINE))

    assert caught.value.retry_after
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    assert (await digest(readers, pieces(LINE))).reading.errors == 1


async def test_a_process_that_is_killed_fails_its_own_request_and_no_other(readers: Readers) -> None:
    begun = asyncio.Event()

    async def source() -> AsyncIterator[Piece]:
        yield LINE
        begun.set()
        await asyncio.Event().wait()

    reading = asyncio.create_task(digest(readers, source()))
    await begun.wait()
    children()[0].send_signal(signal.SIGKILL)
    with pytest.raises(ServiceError) as caught:
        async with asyncio.timeout(10):
            await reading
    assert caught.value.reason == "READER_LOST"

    assert (await digest(readers, pieces(LINE))).reading.errors == 1


async def test_a_process_that_died_while_idle_is_replaced_unseen(readers: Readers) -> None:
    gone = children()
    for child in gone:
        child.kill()
    async with asyncio.timeout(5):
        while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in gone):
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)

    assert (await digest(readers, pieces(LINE))).reading.errors == 1


async def test_a_request_that_is_cancelled_takes_its_process_along(readers: Readers) -> None:
    begun = asyncio.Event()

    async def source() -> AsyncIterator[Piece]:
        async for piece in endless():
            yield piece
            begun.set()

    reading = asyncio.create_task(digest(readers, source()))
    await begun.wait()
    busy = children()

    reading.cancel()
    await asyncio.wait({reading})

    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in busy)


async def test_the_loop_goes_on_while_a_log_is_read(readers: Readers) -> None:
    late = 0.0
    reading = asyncio.create_task(digest(readers, endless(), seconds=1))
    while not reading.done():
        began = time.monotonic()
        await asyncio.sleep(0.01)
        late = max(late, time.monotonic() - began)

    assert (await reading).reading.errors > 1000
    assert late < 0.5


async def test_progress_is_told_as_it_is_made(readers: Readers) -> None:
    told: list[Reading] = []

    async def progress(reading: Reading) -> None:
        told.append(reading)

    block = LINE * 800
    found = await readers.digest(pieces(*[block] * 60), seconds=30, progress=progress)

    assert len(told) >= 2
    assert [reading.bytes for reading in told] == sorted(reading.bytes for reading in told)
    assert told[-1].bytes <= found.reading.bytes == len(block) * 60


async def test_the_processes_end_with_the_service() -> None:
    before = {child.pid for child in children()}
    async with AsyncExitStack() as stack:
        await Readers(count=2, queue=0, rules=None).open(stack)
        assert len({child.pid for child in children()} - before) == 2
    assert {child.pid for child in children()} <= before


async def test_an_operators_own_rules_are_used(tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(
        '{"rule":[{"id":"order-number","description":"Order numbers","kind":"ORDER","pattern":"ORD-[0-9]{4}",'
        '"matches":["see ORD-1234"]}]}'
    )
    async with AsyncExitStack() as stack:
        pool = Readers(count=1, queue=0, rules=rules)
        await pool.open(stack)
        found = await digest(pool, pieces(b"2026-03-01T10:00:00Z ERROR shop: order ORD-4711 failed\n"))

    assert "4711" not in str(found)
    assert found.redactions[0].rule == "order-number"

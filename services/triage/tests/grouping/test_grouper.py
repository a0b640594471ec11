"""Groups: ranked, bounded, and with ids that mean the same tomorrow."""

import random
import time
import tracemalloc
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from triage.domain.grouping import OVERFLOW, Grouper, group, group_id
from triage.domain.model import Level, Record, Redacted

START = datetime(2026, 3, 1, 10, tzinfo=UTC)


def record(message: str, line: int = 1, *, level: Level | None = Level.ERROR, text: str = "") -> Record:
    return Record(
        text=Redacted(text or message),
        message=Redacted(message),
        level=level,
        timestamp=START + timedelta(seconds=line),
        logger=Redacted("a.B"),
        trace_id=f"t{line}",
        first_line=line,
        last_line=line,
    )


def grouped(records: list[Record]) -> Grouper:
    grouper = Grouper()
    for one in records:
        grouper.add(one)
    return grouper


def test_a_group_tells_how_often_and_when_and_shows_its_first_record() -> None:
    (found,) = grouped([record(f"order {n} declined", n) for n in (7, 3, 9)]).groups()
    assert found.template == "order <*> declined"
    assert (found.count, found.first_line, found.trace_id) == (3, 3, "t3")
    assert (found.first_seen, found.last_seen) == (START + timedelta(seconds=3), START + timedelta(seconds=9))
    assert found.example == "order 3 declined"


def test_the_worst_level_comes_first_then_the_most_frequent() -> None:
    records = [
        record("common", 1),
        record("common", 2),
        record("rare", 3),
        record("last", 4, level=Level.FATAL),
    ]
    assert [found.template for found in grouped(records).groups()] == ["last", "common", "rare"]


def test_an_example_keeps_the_beginning_and_the_end_of_a_long_record() -> None:
    text = "start\n" + "\tat a.b(C.java:1)\n" * 400 + "Caused by: end"
    (found,) = grouped([record("start", text=text)]).groups()
    assert found.example.startswith("start\n")
    assert found.example.endswith("Caused by: end")
    assert len(found.example) < 2_100


def test_a_record_without_a_level_counts_as_an_error() -> None:
    assert grouped([record("x", level=None)]).groups()[0].level is Level.ERROR


def test_an_id_is_derived_from_the_template_alone() -> None:
    assert group_id("order <*> declined") == "g-3bb5c8a37436"


def test_what_caused_it_tells_records_of_one_message_apart() -> None:
    trace = (
        "save failed\njava.lang.RuntimeException: a\n\tat b.C(D.java:1)\nCaused by: {}: gone\n\t... 1 more"
    )
    records = [
        record("save failed", n, text=trace.format(name))
        for n, name in ((1, "a.DiskError"), (2, "a.NetError"))
    ]
    assert len(grouped(records).groups()) == 2


MESSAGES = st.lists(
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["refused for", "lost by", "sent to"]),
        st.sampled_from(["ada", "bob", "cyd", "dan", "eve", "17"]),
        st.sampled_from(["now", "later", "x=1"]),
    ),
    max_size=40,
)


@given(MESSAGES, st.randoms())
def test_the_order_of_records_changes_no_id(messages: list[str], rng: random.Random) -> None:
    records = [record(message, line) for line, message in enumerate(messages, 1)]
    before = grouped(records).groups()
    rng.shuffle(records)
    assert grouped(records).groups() == before


@given(MESSAGES)
def test_every_record_is_counted_once_and_its_id_is_that_of_a_group(messages: list[str]) -> None:
    grouper = Grouper()
    keys = [grouper.add(record(message, line)) for line, message in enumerate(messages, 1)]
    groups = {found.id: found.count for found in grouper.groups()}
    id_of = grouper.ids()
    counted: dict[str, int] = {}
    for key in keys:
        counted[id_of(key)] = counted.get(id_of(key), 0) + 1
    assert counted == groups


def test_beyond_the_limit_there_is_one_overflow_group_and_it_is_told() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    grouper = Grouper()
    total = 0
    for one in letters:
        for two in letters:
            for three in letters[:9]:
                total += 1
                # Every word differs, so that nothing can be merged.
                grouper.add(record(f"{one}{two}{three}p {one}{three}{two}q {three}{one}{two}r", total))
    groups = grouper.groups()
    assert len(groups) == 2_001
    assert groups[-1].template == OVERFLOW
    assert sum(found.count for found in groups) == total
    assert grouper.overflowed > 0


def test_memory_is_bounded_however_many_records_come() -> None:
    tracemalloc.start()
    grouper = Grouper()
    for line in range(1, 6_000):
        word = "".join(chr(97 + (line >> shift) % 26) for shift in (0, 3, 6, 9))
        grouper.add(record(f"refused for {word} at the door", line, text=f"refused {word} " + "x" * 3_000))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 24_000_000


def test_time_grows_no_faster_than_a_hostile_message() -> None:
    def once(message: str) -> float:
        start = time.thread_time()
        group([message])
        return time.thread_time() - start

    def cost(size: int) -> float:
        parts = ("a.", "1-", "<*>.", "a", '"', "=1,", "/a", "a_", "(", "x ", "user ", "0x")
        return sum(min(once(part * size) for _ in range(2)) for part in parts)

    assert cost(32_000) < 24 * cost(4_000) + 0.005


def test_whole_lines_and_bare_messages_group_alike() -> None:
    bare = ["order 1 declined", "order 2 declined", "disk gone"]
    lines = [f"2026-03-01 10:00:0{n},123 ERROR [main] a.b.C - {text}" for n, text in enumerate(bare)]
    assert group(lines) == group(bare)

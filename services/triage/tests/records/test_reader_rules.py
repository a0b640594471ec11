"""What holds for every input: no crash, no line lost, no line counted twice, bounded time and memory."""

import time
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain.records import RecordReader, is_error, neutralise, parse

FRAGMENTS = st.sampled_from(
    [
        "2026-03-01 10:00:00,123 ERROR [main] a.B - x",
        "10:00:00 INFO a.B - x",
        '{"level":"error","msg":"x"}',
        '{"level":30,"msg":"x"}',
        "2026-03-01T10:00:00Z stdout P part",
        "2026-03-01T10:00:00Z stderr F rest",
        '{"log":"a\\nb","stream":"stdout","time":"t"}',
        "Traceback (most recent call last):",
        "  File x",
        "ValueError: x",
        "panic: x",
        "goroutine 1 [running]:",
        "main.main()",
        "\tat a.b(C.java:1)",
        "Caused by: x",
        "",
        "}",
        "plain",
        "<11>Mar  1 10:00:00 h a[7]: x",
        "Mar 01, 2026 10:00:00 AM a.B c",
        "SEVERE: x",
        "{",
        "error: x",
    ]
)
LINES = st.lists(
    st.one_of(FRAGMENTS, st.text(max_size=60).map(lambda text: text.replace("\n", " "))), max_size=40
)


@given(LINES, st.integers(1, 50))
def test_every_line_is_in_exactly_one_record(lines: list[str], size: int) -> None:
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    reader = RecordReader(every=True)
    records = list(reader.read([data[at : at + size] for at in range(0, len(data), size)]))
    covered = [number for record in records for number in range(record.first_line, record.last_line + 1)]
    assert covered == list(range(1, reader.lines + 1))
    assert reader.records == len(records)


@given(LINES)
def test_only_the_errors_are_kept_and_they_are_the_same(lines: list[str]) -> None:
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    every = [record for record in RecordReader(every=True).read([data]) if record.is_error]
    assert list(RecordReader().read([data])) == every


@given(st.text(max_size=400))
def test_no_text_makes_it_fail(text: str) -> None:
    is_error(text)
    parse("2026-03-01 10:00:00 " + text)
    parse("<11>Mar  1 10:00:00 h " + text)


@given(st.binary(max_size=400), st.integers(1, 64))
def test_no_bytes_make_it_fail(data: bytes, size: int) -> None:
    for record in RecordReader(every=True).read([data[at : at + size] for at in range(0, len(data), size)]):
        record.text.encode()
        record.message.encode()


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["level", "severity", "log", "message", "s", "t", "resourceLogs", "body", "status"]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_no_json_makes_it_fail(value: object) -> None:
    import json  # noqa: PLC0415

    text = json.dumps(value)
    parse(text)
    parse(json.dumps({"log": text + "\n", "stream": "stdout", "time": "t"}))


@given(st.text(max_size=80).map(lambda text: text.replace("\n", " ")))
def test_a_stated_level_ignores_the_message(text: str) -> None:
    import json  # noqa: PLC0415

    assert not is_error(f"2026-03-01 10:00:00,123 INFO [main] a.B - {text}")
    assert is_error(f"2026-03-01 10:00:00,123 ERROR [main] a.B - {text}")
    assert not is_error(json.dumps({"level": "info", "msg": text, "error": text}))
    assert is_error(json.dumps({"level": "error", "msg": text}))


@given(st.text(max_size=80))
def test_nothing_invisible_is_left(text: str) -> None:
    safe = neutralise(text)
    assert neutralise(safe) == safe
    safe.encode()
    assert not set(safe) & set("\x00\x07\x08\x1b\x7f\x9b\u200b\u200e\u202e\u2066\ufeff\u2028")


def test_colours_and_hidden_letters_are_gone() -> None:
    assert (
        neutralise("\x1b[1;31mERROR\x1b[0m pass\u200bword \u202egnp.exe \x1b]0;title\x07ok")
        == "ERROR password gnp.exe ok"
    )
    assert is_error("\x1b[31mERROR\x1b[0m gone")


def test_a_json_escape_cannot_smuggle_a_control_character_back() -> None:
    record = parse('{"level":"error","msg":"a\\u001b[2Jb\\u202ec"}')
    assert record.message == "abc"


def test_a_huge_line_is_cut_and_told() -> None:
    reader = RecordReader()
    data = b"2026-03-01 10:00:00 ERROR a.B - " + b"x" * 200_000 + b"\n2026-03-01 10:00:00 ERROR a.B - y\n"
    first, second = reader.read([data[at : at + 65536] for at in range(0, len(data), 65536)])
    assert len(first.text) == 16 * 1024
    assert second.message == "y"
    assert (reader.cut_lines, reader.lines) == (1, 2)


def test_an_endless_trace_is_cut_and_told() -> None:
    reader = RecordReader()
    (record,) = reader.read([b"10:00:00 ERROR a.B - x\n", *[b"\tat a.b(C.java:1)\n"] * 5_000])
    assert record.text.count("\n") == 512
    assert record.text.endswith("[4489 more lines not kept]")
    assert (record.last_line, reader.cut_records) == (5_001, 1)


def test_memory_does_not_grow_with_the_input() -> None:
    block = b"10:00:00 INFO a.B - x\n" * 3_000
    reader = RecordReader()
    reader.feed(block)
    tracemalloc.start()
    for _ in range(20):
        reader.feed(block)
    reader.feed(b"y" * 3_000_000)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 100_000


HOSTILE: dict[str, Callable[[int], str]] = {
    "brackets": lambda size: "10:00:00 ERROR " + "[" * size,
    "dots": lambda size: "10:00:00 ERROR " + "a." * size,
    "dollars": lambda size: "10:00:00 ERROR " + "a$" * size,
    "spaces": lambda size: "10:00:00" + " " * size + "x",
    "quotes": lambda size: "level=error " + 'k="' * size,
    "negations": lambda size: "no " * size + "error",
    "errors": lambda size: "error=null " * size,
    "escapes": lambda size: "\x1b[" * size,
    "titles": lambda size: "\x1b]" * size,
    "objects": lambda size: '{"a":' * size,
    "digits": lambda size: "1" * size,
    "access": lambda size: 'a b [c] "' + '" 2' * size,
    "names": lambda size: "A" * size + "Error",
    "syslog": lambda size: "Mar  1 10:00:00 h " + "a " * size,
    "structured data": lambda size: "<11>1 t h a p m " + "[a]" * size,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_no_faster_than_the_line(name: str) -> None:
    def cost(size: int) -> float:
        line = HOSTILE[name](size)
        best = 9.0
        for _ in range(4):
            start = time.thread_time()
            is_error(line)
            best = min(best, time.thread_time() - start)
        return best

    # Eight times the input; quadratic would be sixty-four times the time.
    assert cost(64_000) < 24 * cost(8_000) + 0.002

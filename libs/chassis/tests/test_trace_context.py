import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.observability.context import Sampler, TraceContext, attached, current, parse

GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_callers_trace_is_continued_with_a_span_of_our_own() -> None:
    begun = Sampler(0.0).begin(GOOD)
    assert begun.trace_id == GOOD[3:35]
    assert begun.span_id != GOOD[36:52]
    assert begun.sampled


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "garbage",
        GOOD[:-1],
        GOOD + "-more",
        GOOD.upper(),
        GOOD.replace("-", "_"),
        "ff" + GOOD[2:],
        "00-" + "0" * 32 + GOOD[35:],
        GOOD[:36] + "0" * 16 + "-01",
        "0x" + GOOD[2:],
        "zz" + GOOD[2:],
        GOOD[:53] + "0z",
        GOOD + "\n",
    ],
)
def test_a_malformed_header_starts_a_new_trace(header: str | None) -> None:
    assert parse(header) is None
    assert Sampler(0.0).begin(header).trace_id != GOOD[3:35]


def test_a_later_version_may_say_more() -> None:
    assert parse("01" + GOOD[2:] + "-what-the-future-holds") is not None


@given(trace=st.integers(1, 2**128 - 1), span=st.integers(1, 2**64 - 1), sampled=st.booleans())
def test_what_we_send_is_what_we_read(*, trace: int, span: int, sampled: bool) -> None:
    sent = TraceContext(f"{trace:032x}", f"{span:016x}", sampled)
    assert parse(sent.traceparent) == sent


@given(st.text(max_size=80))
def test_no_header_raises(header: str) -> None:
    parse(header)


@pytest.mark.parametrize(("ratio", "low", "high"), [(0.0, 0, 0), (1.0, 2_000, 2_000), (0.1, 130, 270)])
def test_the_share_of_new_traces_is_the_ratio(ratio: float, low: int, high: int) -> None:
    sampler = Sampler(ratio)
    assert low <= sum(sampler.begin().sampled for _ in range(2_000)) <= high


def test_the_context_is_the_callers_again_afterwards() -> None:
    with attached(TraceContext("a" * 32, "b" * 16, sampled=False)):
        assert current() is not None
    assert current() is None

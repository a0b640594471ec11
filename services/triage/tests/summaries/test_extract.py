"""The extractive summary: counts add up, the floor follows the rules, the first cause is the early one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain.model import Group, Level, Redacted, Severity
from triage.domain.summaries import render, summarize
from triage.domain.summaries.extract import short, span

START = datetime(2026, 3, 1, 10, tzinfo=UTC)


def group(
    template: str = "order <*> declined",
    *,
    count: int = 1,
    level: Level = Level.ERROR,
    begins: float | None = 0,
    lasts: float = 0,
    line: int = 1,
    example: str = "",
) -> Group:
    begin = None if begins is None else START + timedelta(seconds=begins)
    return Group(
        id=f"g-{abs(hash(template)):012x}"[:14],
        template=Redacted(template),
        level=level,
        count=count,
        first_seen=begin,
        last_seen=begin and begin + timedelta(seconds=lasts),
        first_line=line,
        example=Redacted(example or template),
        trace_id="",
        logger=Redacted("com.acme.Pay"),
    )


def test_nothing_is_said_plainly() -> None:
    found = summarize([])
    assert found.headline == "No errors found"
    assert found.severity is Severity.NONE
    assert found.first_cause is None


def test_the_headline_counts_and_names_the_largest_group() -> None:
    found = summarize([group("db: connection refused", count=90, lasts=120), group(count=10, lasts=60)])
    assert found.headline == (
        "100 errors in 2 groups over 2 min, 50.0 a minute: 90% connection refused in com.acme.Pay"
    )
    assert (found.records, found.rate) == (100, 50.0)
    assert [observation.share for observation in found.observations] == [0.9, 0.1]


@pytest.mark.parametrize(
    ("groups", "severity"),
    [
        ([group(level=Level.WARN, count=5)], Severity.LOW),
        ([group(count=60)], Severity.MEDIUM),
        ([group(count=5_000)], Severity.HIGH),
        ([group("db: connection refused")], Severity.HIGH),
        ([group("x", level=Level.FATAL)], Severity.HIGH),
        ([group("x", level=Level.FATAL, count=50)], Severity.CRITICAL),
        ([group("write: no space left on device")], Severity.CRITICAL),
        ([group(count=60), group("java.lang.OutOfMemoryError: Java heap space")], Severity.CRITICAL),
        ([group("read timed out", count=60)], Severity.MEDIUM),
        ([group("db: connection refused", level=Level.WARN)], Severity.LOW),
    ],
)
def test_the_floor_follows_level_count_and_kind(groups: list[Group], severity: Severity) -> None:
    found = summarize(groups)
    assert found.severity is severity
    assert found.severity_reason


def test_the_root_of_the_chain_is_quoted_and_decides_the_hint() -> None:
    example = (
        "2026-03-01 10:00:00,123 ERROR a.B - payment timed out\n"
        "java.lang.RuntimeException: timed out\n\tat a.B.c(B.java:1)\n"
        "Caused by: java.net.ConnectException: Connection refused\n\t... 3 more"
    )
    (observation,) = summarize([group("payment timed out", example=example)]).observations
    assert observation.root_cause == "java.net.ConnectException: Connection refused"
    assert observation.hint is not None
    assert observation.hint.id == "connection-refused"


def test_what_began_shortly_before_the_largest_group_is_suspected() -> None:
    groups = [
        group("read timed out", count=500, begins=60, lasts=600),
        group("db: connection refused", count=3, begins=45),
        group("old trouble", count=1, begins=-7_200),
        group("later trouble", count=2, begins=300),
    ]
    found = summarize(groups)
    assert found.first_cause is not None
    assert found.first_cause.group_id == groups[1].id
    assert "15 s before the most frequent group" in found.first_cause.reason


def test_a_symptom_is_suspected_only_where_no_cause_is_near() -> None:
    symptom, cause = group("502 bad gateway", count=500, lasts=600), group("disk gone", begins=30)
    assert summarize([symptom, cause]).first_cause.group_id == cause.id  # type: ignore[union-attr]
    assert summarize([symptom]).first_cause.group_id == symptom.id  # type: ignore[union-attr]


def test_without_times_the_first_line_stands_in() -> None:
    groups = [group("a b", count=9, begins=None, line=40), group("c d", begins=None, line=12)]
    found = summarize(groups)
    assert found.first_cause is not None
    assert found.first_cause.group_id == groups[1].id
    assert found.rate is None


def test_the_text_has_what_somebody_on_call_needs() -> None:
    text = render(
        summarize([group("db: connection refused", count=90, lasts=120), group(count=10, begins=60)])
    )
    for part in (
        "HIGH",
        "90 x (90%)",
        "10:00:00 to 10:02:00 (2 min, 45.0/min)",
        "hint",
        "Suspected first cause",
        "line 1",
    ):
        assert part in text


def test_what_is_not_shown_is_told() -> None:
    groups = [group(f"fault of kind {chr(97 + n)}", count=2) for n in range(13)]
    assert "... and 3 more groups, 6 records" in render(summarize(groups))


GROUPS = st.lists(
    st.builds(
        group,
        st.sampled_from(["x", "connection refused", "timed out", "no space left on device", ""]),
        count=st.integers(1, 10_000),
        level=st.sampled_from([Level.WARN, Level.ERROR, Level.FATAL]),
        begins=st.none() | st.floats(-1e6, 1e6),
        lasts=st.floats(0, 1e6),
        line=st.integers(1, 10**6),
        example=st.text(max_size=100),
    ),
    max_size=12,
)


@given(GROUPS)
def test_any_groups_give_a_summary_whose_shares_add_up(groups: list[Group]) -> None:
    found = summarize(groups)
    assert found.records == sum(one.count for one in groups)
    assert sum(observation.share for observation in found.observations) == pytest.approx(1 if groups else 0)
    assert render(found)
    known = {one.id for one in groups}
    assert found.first_cause is None or found.first_cause.group_id in known


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59, "59 s"), (90, "2 min"), (7_200, "2.0 h"), (259_200, "3.0 d")]
)
def test_lengths_of_time_read_like_speech(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_a_long_line_is_shortened() -> None:
    assert short("a" * 200, 10) == "aaaaaaa..."
    assert short("one\ntwo") == "one"

"""The chain shows every change, every gap and, with an anchor, a cut at the end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth.domain.audit.chain import GENESIS, Anchor, Link, Verification
from auth.domain.audit.events import Event

START = datetime(2026, 1, 1, tzinfo=UTC)


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    for number in range(length):
        last = links[-1] if links else None
        event = Event(
            START + timedelta(seconds=number),
            "sign_in.succeeded",
            actor=f"user-{number}",
            subject=f"user-{number}",
            address="192.0.2.1",
            details={"session": f"s{number}"},
        )
        sequence, previous = (last.sequence, last.hash) if last else (0, GENESIS)
        links.append(Link.after(sequence, previous, event, trace_id="a" * 32))
    return links


def faults(links: Sequence[Link], *anchors: Anchor) -> list[str]:
    verification = Verification(anchors)
    found = [fault for link in links for fault in verification.read(link)]
    return [*found, *verification.finish()]


def test_a_chain_that_nobody_touched_is_whole() -> None:
    links = chain(20)

    assert faults(links) == []
    assert faults(links, Anchor(7, links[6].hash), Anchor(20, links[19].hash)) == []
    assert faults([]) == []


@settings(deadline=None)
@given(st.integers(0, 9), st.sampled_from(sorted(Link.__slots__)))
def test_a_change_of_any_member_shows_at_its_place(at: int, member: str) -> None:
    changed: dict[str, object] = {
        "at": START - timedelta(microseconds=1),
        "sequence": at + 2,
        "details": {"session": "another"},
        "hash": b"\1" * 32,
    }
    links = chain(10)
    links[at] = replace(links[at], **{member: changed.get(member, "changed")})  # type: ignore[arg-type]

    assert f"event {at + 1}:" in faults(links)[0]


@settings(deadline=None)
@given(st.integers(0, 8), st.integers(1, 3))
def test_a_gap_shows(at: int, width: int) -> None:
    links = chain(10)
    del links[at : min(at + width, 9)]

    assert faults(links)[0].startswith(f"event {at + 1}: missing")


def test_events_that_changed_places_show() -> None:
    links = chain(10)
    links[3], links[4] = links[4], links[3]

    assert faults(links)


def test_a_chain_that_was_computed_anew_disagrees_with_what_was_told() -> None:
    told = chain(10)[9]
    forged = chain(3)
    for link in chain(10)[3:]:
        event = Event(link.at, "sign_in.failed", actor="mallory")
        forged.append(Link.after(forged[-1].sequence, forged[-1].hash, event, trace_id=""))

    assert faults(forged) == []
    assert faults(forged, Anchor(10, told.hash)) == ["event 10: not the one that was told before"]


def test_a_change_with_its_own_hash_made_anew_shows_at_the_next_event() -> None:
    links = chain(10)
    changed = replace(links[4], actor="mallory")
    links[4] = replace(changed, hash=changed.digest(links[3].hash))

    assert faults(links) == ["event 6: it or its hash was changed"]


def test_a_cut_at_the_end_shows_by_what_was_told() -> None:
    links = chain(10)

    assert faults(links[:8]) == []
    assert faults(links[:8], Anchor(10, links[9].hash)) == ["event 10: missing, though it was told before"]


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_kept_in_a_form_the_database_and_the_log_can_hold(subject: str, detail: str) -> None:
    link = Link.after(
        0, GENESIS, Event(START, "user.created", "", subject, "", {"name": detail}), trace_id=""
    )

    assert "\0" not in link.subject + link.details["name"]
    assert link.canonical().decode()
    assert link.digest(GENESIS) == link.hash


def test_one_moment_has_one_spelling_in_every_time_zone() -> None:
    event = Event(START, "user.created")
    elsewhere = Event(START.astimezone(timezone(timedelta(hours=9))), "user.created")

    assert Link.after(0, GENESIS, event, trace_id="") == Link.after(0, GENESIS, elsewhere, trace_id="")


@pytest.mark.parametrize(
    "text", ["", "1", "1:", "0:" + "00" * 32, "1:" + "00" * 31, "x:" + "00" * 32, "1:zz"]
)
def test_an_anchor_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - argparse turns any into its own message
        Anchor.parse(text)

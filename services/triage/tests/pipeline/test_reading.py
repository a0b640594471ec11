"""What a log is digested to does not depend on how its records were looked at."""

import json
from collections.abc import Callable

import pytest

from triage.domain.reading import Digest, Digester
from triage.domain.redaction import Redactor, built_in

FINE = "2026-03-01T10:00:00Z INFO shop: order stored"


def digested(*logs: list[str], block: int = 65_536) -> Digest:
    digester = Digester(Redactor(built_in()))
    for place, log in enumerate(logs):
        if place:
            digester.boundary()
        raw = "".join(f"{line}\n" for line in log).encode()
        for at in range(0, len(raw), block):
            digester.feed(raw[at : at + block])
    return digester.finish()


def plain(place: int) -> str:
    return f"2026-03-01T10:00:01Z ERROR shop: order of jane{place}@mail.test lost"


def structured(place: int) -> str:
    return json.dumps({"level": "error", "event": f"order of jane{place}@mail.test lost", "n": place})


@pytest.mark.parametrize("line", [plain, structured])
def test_what_is_redacted_is_counted_once_and_by_the_lines_of_the_log(line: Callable[[int], str]) -> None:
    digest = digested([FINE, line(1), FINE, FINE, line(2), line(3)], [FINE, line(4)])

    assert [(count.rule, count.count, count.lines) for count in digest.redactions] == [
        ("email", 4, (2, 5, 6, 8))
    ]


@pytest.mark.parametrize("line", [plain, structured])
def test_messages_are_grouped_by_their_redacted_text(line: Callable[[int], str]) -> None:
    log = [text for place in range(40) for text in (FINE, line(place))]
    (group,) = digested(log).groups

    assert group.template.endswith("order of <*> lost")
    assert group.count == 40
    assert "mail.test" not in group.example


@pytest.mark.parametrize("block", [100, 1000, 65_536])
def test_blocks_decide_nothing(block: int) -> None:
    log = [
        text for place in range(60) for text in (FINE, plain(place), structured(place), "\tat shop.Orders")
    ]

    assert digested(log, block=block) == digested(log)

"""The sample log is long, of many formats, the same for the same seed, and full of what must be redacted."""

import json
from datetime import UTC, datetime
from pathlib import Path

from suite import sample_log

END = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_it_has_at_least_the_lines_that_were_asked_for() -> None:
    assert 500 <= len(list(sample_log.lines(500, end=END))) < 520
    assert sample_log.LINES >= 10_000


def test_a_seed_is_a_log() -> None:
    assert list(sample_log.lines(300, end=END)) == list(sample_log.lines(300, end=END))
    assert list(sample_log.lines(300, end=END)) != list(sample_log.lines(300, end=END, seed=1))


def test_it_ends_about_now_and_began_six_hours_ago() -> None:
    dates = [
        line.split("[")[1][:20] for line in sample_log.lines(2000, end=END) if line.startswith("203.0.113.")
    ]
    assert dates[0].startswith("23/Nov/2026:06:0")
    assert dates[-1].startswith(("23/Nov/2026:11:5", "23/Nov/2026:12:0"))


def test_its_json_is_json() -> None:
    records = [json.loads(line) for line in sample_log.lines(2000, end=END) if line.startswith("{")]
    assert {record["level"] for record in records} == {"info", "error", "critical"}


def test_it_has_traces_secrets_and_people() -> None:
    log = "\n".join(sample_log.lines(4000, end=END))
    for telltale in (
        "Traceback (most",
        "\tat com.",
        "@example.com",
        "Bearer ",
        "api_key=",
        "card=4",
        "deadlock",
    ):
        assert telltale in log


def test_its_cards_pass_the_check_that_finds_cards() -> None:
    log = "\n".join(sample_log.lines(4000, end=END))
    cards = [part[:16] for part in log.split("card=")[1:]]
    assert len(cards) > 10
    for card in cards:
        digits = [int(digit) for digit in reversed(card)]
        doubled = [sum(divmod(digit * 2, 10)) for digit in digits[1::2]]
        assert (sum(digits[::2]) + sum(doubled)) % 10 == 0


def test_it_is_written_once(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "shop.log"
    assert sample_log.write(file) >= sample_log.LINES
    file.write_text("mine\n", encoding="utf-8")
    assert sample_log.write(file) == 1

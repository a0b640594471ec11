"""Records looked at many at a time come out as each would alone, by its own lines."""

from hypothesis import given
from hypothesis import strategies as st

from triage.domain.model import Raw
from triage.domain.redaction import Redactor, built_in

KEY = "PRIVATE" + " KEY-----"
BODY = "abcdefghijklmnopabcdefghijklmnopabcdefghijklmnopabcdefghijklmnop"
TEXTS = [
    "order 17 failed",
    "password=Zq7xK2m9q refused",
    "token: Zq7xK2m9q",
    "java.lang.IllegalStateException: gone\n\tat shop.Orders.place(Orders.java:9)",
    "from 10.0.0.1 and jane@mail.test",
    "X-JFrog-Art-Api: AKCxxxxxxxxxx",
    '{"user": "jo", "password": "hunter2!x", "n": 1}',
    "",
    "caf\u00e9 \ud800 \U0001f600",
]
RECORDS = st.lists(st.tuples(st.sampled_from(TEXTS), st.integers(0, 2)), max_size=30)


def _redactor() -> Redactor:
    return Redactor(built_in())


def _numbered(records: list[tuple[str, int]]) -> list[tuple[int, Raw]]:
    """Each with the number of its first line, so many lines behind the record before it."""
    out, line = [], 1
    for text, gap in records:
        out.append((line + gap, Raw(text)))
        line += gap + text.count("\n") + 1
    return out


@given(RECORDS)
def test_each_record_loses_what_it_would_lose_alone_and_keeps_its_lines(
    records: list[tuple[str, int]],
) -> None:
    redactor = _redactor()
    redactor.redact(Raw("\n".join(TEXTS)))
    numbered = _numbered(records)

    assert list(redactor.redact_records(numbered)) == [redactor.redact(text) for _, text in numbered]


@given(RECORDS)
def test_the_report_tells_the_lines_of_the_log(records: list[tuple[str, int]]) -> None:
    redactor, alone = _redactor(), _redactor()
    numbered = _numbered(records)
    list(redactor.redact_records(numbered))
    for first, text in numbered:
        alone.redact(text, first_line=first)

    assert redactor.report.lines.get("ipv4") == alone.report.lines.get("ipv4")
    assert redactor.report.counts == alone.report.counts


def test_more_records_than_are_looked_at_together_all_come_out() -> None:
    records = [
        (2 * place + 1, Raw(f"{place} from 10.0.{place % 200}.7 " + "x" * 300)) for place in range(900)
    ]
    out = list(_redactor().redact_records(records))

    assert [text.split()[0] for text in out] == [str(place) for place in range(900)]
    assert not any("10.0." in text for text in out)


def test_a_private_key_goes_over_records_that_stand_together() -> None:
    texts = ["-----BEGIN " + KEY, BODY, BODY, "-----END " + KEY]
    out = list(_redactor().redact_records((place, Raw(text)) for place, text in enumerate(texts, 7)))

    assert not any("abcd" in text for text in out)


def test_a_private_key_without_an_end_takes_nothing_that_lay_elsewhere() -> None:
    lost = "order 17 lost, trace_id=4bf92f3577b34da6a3ce929d0e0e4736"
    records = [(1, Raw(lost)), (7, Raw("-----BEGIN " + KEY)), (20, Raw(lost)), (30, Raw(lost))]
    first, key, *others = _redactor().redact_records(records)

    assert [first, *others] == [lost] * 3
    assert "BEGIN" not in key


def test_a_value_at_the_end_of_a_line_is_no_prose_for_what_the_next_line_says() -> None:
    value = "AKCxxxxxxxxxx"

    assert value not in _redactor().redact(Raw(f"X-JFrog-Art-Api: {value}\nmore"))

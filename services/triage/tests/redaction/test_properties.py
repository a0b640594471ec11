"""What holds for every text, not only for the examples."""

import json
import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from triage.domain.model import Raw
from triage.domain.redaction import Redactor, built_in, redact
from triage.domain.redaction.rule import Rule
from triage.domain.redaction.spans import by_line, united, without
from triage.domain.redaction.worth import is_nothing

PIECES = [
    *(
        "password",
        '"password"',
        "token",
        "Authorization",
        "Bearer ",
        "Cookie",
        "api_key",
        "name",
        "value",
        "--password ",
    ),
    *(
        "=",
        ":",
        ": ",
        '"',
        '\\"',
        "'",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        "; ",
        " ",
        "\t",
        "&",
        "?",
        "://",
        "@",
        "/",
    ),
    *(
        "host.test",
        "jane",
        "10.0.0.1",
        "fe80::1",
        "4000000000000002",
        "415-555-0199",
        "eyJ",
        "k3J4h5G6f7D8s9A0b1C2d3E4f5G6h7J8k9",
    ),
    *(
        "<TOKEN_1>",
        "<PHONE_2>",
        "%40",
        "%3D",
        "\\u0040",
        "\u200b",
        "\u0430",
        "\x1b[31m",
        "hunter2!",
        "\ud800",
        "null",
        "12345",
    ),
    *(
        "-----BEGIN " + "PRIVATE KEY-----",
        "MIIBOgIBAAJBAKk3J4h5G6f7D8s9A0",
        "-----END " + "PRIVATE KEY-----",
        "é",
        "\\n",
        "<",
        ">",
    ),
]
lines = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
texts = st.lists(lines, max_size=5).map("\n".join)
scalars = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.integers() | st.booleans() | st.none()
)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["password", "token", "card", "to", "client", "msg", "tokens", "cookie"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
RULE = Rule(id="r", description="r", kind="R", where="text")
spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda at: (at[0], at[0] + at[1], RULE)), max_size=8
)


@settings(max_examples=300, deadline=None)
@given(lines)
def test_redacting_what_is_redacted_changes_nothing(line: str) -> None:
    once = redact(line)

    assert redact(once) == once


@settings(max_examples=200, deadline=None)
@given(texts)
def test_as_many_lines_come_out_as_went_in(text: str) -> None:
    assert redact(text).count("\n") == text.count("\n")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_at_all_is_redacted_without_fault(text: str) -> None:
    redact(text)


@settings(max_examples=200, deadline=None)
@given(documents, st.booleans())
def test_what_was_json_still_is(document: object, nested: bool) -> None:  # noqa: FBT001 - hypothesis passes it by place
    text = json.dumps(document)

    json.loads(redact(json.dumps({"msg": text}) if nested else text))


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=4, max_size=30))
def test_no_value_of_a_password_field_survives(secret: str) -> None:
    if is_nothing(secret.encode()) or not re.search(r"[^\W\d_]", secret):
        return
    redacted = json.loads(redact(json.dumps({"user": {"password": secret, "id": 7}})))

    assert redacted["user"]["id"] == 7
    assert re.fullmatch(r"(?s).*<[A-Z_]+_\d+>.*", redacted["user"]["password"])
    # The placeholder's own word is no leak: somebody's password may be PASS.
    assert secret not in re.sub(r"<[A-Z_]+_\d+>", "", redacted["user"]["password"])


@given(spans)
def test_united_spans_never_overlap_and_cover_what_they_covered(hits: list[tuple[int, int, Rule]]) -> None:
    whole = united(hits)

    assert all(low[1] <= high[0] for low, high in pairwise(whole))
    assert {at for low, high, _ in whole for at in range(low, high)} == {
        at for low, high, _ in hits for at in range(low, high)
    }


@given(spans, spans)
def test_no_span_touches_a_placeholder(
    hits: list[tuple[int, int, Rule]], kept: list[tuple[int, int, Rule]]
) -> None:
    places = [(low, high) for low, high, _ in united(kept)]
    cut = {at for low, high, _ in without(united(hits), places) for at in range(low, high)}

    assert cut == {at for low, high, _ in hits for at in range(low, high)} - {
        at for low, high in places for at in range(low, high)
    }


@given(spans)
def test_spans_cut_by_line_hold_no_line_feed(hits: list[tuple[int, int, Rule]]) -> None:
    text = b"abc\ndefgh\n\nij\nklmnopqrst\nuvwxyz0123456789abcdefghij"

    assert all(b"\n" not in text[low:high] for low, high, _ in by_line(text, united(hits)))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["a1b2c3d4", "e5f6g7h8", "i9j0k1l2"]), min_size=2, max_size=8))
def test_one_value_has_one_name_throughout_a_request(values: list[str]) -> None:
    redactor = Redactor(built_in())
    names = [redactor.redact(Raw(f"login password={value} x")).split("=")[1] for value in values]

    assert len(set(zip(values, names, strict=True))) == len(set(values)) == len(set(names))

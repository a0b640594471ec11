"""Which digits and which ids a message has never decides its group: what the grouper's look-up stands on."""

from hypothesis import example, given
from hypothesis import strategies as st

from triage.domain.grouping.masks import flattened, signature

WORDS = [
    "order",
    "took",
    "0x1f3a",
    "v1.2.3",
    "10.0.0.7:8080",
    "17",
    "3.5ms",
    "id=42",
    "/var/log/app1.log",
    "a1b2c3d4e5f6",
    "2026-03-01T10:00:00Z",
    "<EMAIL_12>",
    "node-7",
    "(5)",
    "99%",
    "user",
    "0",
    "1e9",
    "-4",
    "[12]",
    "550e8400-e29b-41d4-a716-446655440000",
]
ZEROED = str.maketrans("123456789", "0" * 9)
# Ten digits are a number, not an id.
IDS = st.text("0123456789abcdef", min_size=8, max_size=40).filter(lambda id_: not id_.isdecimal())
AROUND = ["trace_id={} lost", "GET /v1/orders/{} failed", "peer {}.db.internal gone", "({}) [{}], {}.", "{}"]


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join))
def test_a_signature_depends_on_where_digits_stand_and_not_on_which(message: str) -> None:
    assert signature(message) == signature(message.translate(ZEROED))


@given(st.sampled_from(AROUND), IDS, IDS)
def test_messages_that_differ_in_their_ids_are_looked_up_as_one(around: str, one: str, other: str) -> None:
    assert flattened(around.replace("{}", one)) == flattened(around.replace("{}", other))


@given(st.uuids(), st.uuids())
def test_messages_that_differ_in_a_uuid_are_looked_up_as_one(one: object, other: object) -> None:
    assert flattened(f"lease {one} lost") == flattened(f"lease {other} lost")


@example(["abcdef012345", "e29b", "41d4", "a716", "446655440000"], "-")
@given(
    st.lists(st.one_of(st.sampled_from(WORDS), IDS), min_size=1, max_size=8), st.sampled_from([" ", "-", ""])
)
def test_a_message_has_the_signature_of_what_it_is_looked_up_by(words: list[str], between: str) -> None:
    message = between.join(words)
    assert flattened(flattened(message)) == flattened(message)
    assert signature(flattened(message)) == signature(message)


@given(st.text("abz_0123456789.- ", max_size=60))
def test_words_are_no_ids(message: str) -> None:
    told = {word for word in message.split() if not any(sign.isdigit() for sign in word)}
    short = {word for word in told if len(word) < len("deadbeef")}
    assert short <= set(flattened(message).split())

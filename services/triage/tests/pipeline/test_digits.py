"""Which digits a message has never decides its group: what the grouper's look-up stands on."""

from hypothesis import given
from hypothesis import strategies as st

from triage.domain.grouping.masks import signature

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


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join))
def test_a_signature_depends_on_where_digits_stand_and_not_on_which(message: str) -> None:
    assert signature(message) == signature(message.translate(ZEROED))

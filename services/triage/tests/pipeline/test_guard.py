"""The last look before anything leaves: on any finding nothing is sent, and an answer comes all the same."""

from datetime import UTC, datetime

from triage.domain.answer import AnswerSource
from triage.domain.model import Group, Level, Redacted
from triage.testing.asking import Build
from triage.testing.fake_model import FakeModel


def group(example: str) -> Group:
    """One that came past redaction, as only a bug could make it."""
    seen = datetime(2026, 3, 1, tzinfo=UTC)
    return Group(
        id="g-0123456789ab",
        template=Redacted("sign-in of <*> failed"),
        level=Level.ERROR,
        count=3,
        first_seen=seen,
        last_seen=seen,
        first_line=1,
        example=Redacted(example),
        trace_id="",
        logger=Redacted("auth"),
    )


async def explained(build: Build, example: str) -> tuple[AnswerSource, str]:
    explainer = build().triage._explainer
    assert explainer is not None
    found = await explainer.explain([group(example)], scope="x", user="ada", fresh=True, seconds=5)
    assert found.use is not None
    return found.source, found.use.outcome


async def test_what_redaction_missed_stops_the_whole_request(build: Build, fake: FakeModel) -> None:
    for missed in (
        "password=Tr0ub4dor&3",
        "mail from mary.major@example.com",
        "Authorization: Bearer abcdef0123456789abcd",
    ):
        assert await explained(build, missed) == (AnswerSource.EXTRACTIVE, "stopped_by_guard")
    assert fake.calls == 0


async def test_what_redaction_replaced_does_not(build: Build, fake: FakeModel) -> None:
    for clean in ("password=<PASSWORD_1>", '{"password": "<PASSWORD_1>", "user": "<EMAIL_1>"}'):
        assert await explained(build, clean) == (AnswerSource.MODEL, "answered")
    assert fake.calls == 2


def test_what_the_guard_would_stop_is_not_previewed_either(build: Build) -> None:
    for triage in (build().triage, build(openai_base_url=None).triage):
        previews = triage._imagined if triage._explainer is None else triage._explainer.previews
        assert previews.of([group("password=Tr0ub4dor&3")], scope="x") == b""
        assert b"<PASSWORD_1>" in previews.of([group("password=<PASSWORD_1>")], scope="x")

"""An answer always comes, says where it is from, and never claims what the records do not prove."""

import asyncio
import json
import time

import pytest

from chassis.testing import FrozenClock
from triage.domain.answer import AnswerSource, ModelUse, Summary
from triage.domain.model import Severity
from triage.testing.asking import Asked, Build
from triage.testing.fake_model import FakeModel, Mood, groups_in

pytestmark = pytest.mark.alone

LOG = (
    "".join(
        f"2026-03-01T10:00:{i % 60:02d}.000Z ERROR billing: charge {i} of mary.major@example.com declined\n"
        f"2026-03-01T10:00:{i % 60:02d}.500Z ERROR ledger: entry {i} rejected, balance mismatch\n"
        for i in range(60)
    )
    + "2026-03-01T10:02:00.000Z FATAL ledger: journal corrupted at block 17\n"
)


def used(summary: Summary) -> ModelUse:
    assert summary.model is not None
    return summary.model


async def test_the_model_explains_and_the_records_decide(asked: Asked, fake: FakeModel) -> None:
    summary = await asked.summarize(LOG)

    assert summary.source is AnswerSource.MODEL
    assert used(summary).outcome == "answered"
    assert (used(summary).input_tokens, used(summary).output_tokens, used(summary).calls) == (1000, 200, 1)
    assert summary.findings[0].citations[0].group_id == summary.groups[0].group.id
    assert summary.headline == "The service fails in the way its records describe"
    assert summary.dropped == ()


async def test_what_a_preview_shows_is_what_is_sent_byte_for_byte(asked: Asked, fake: FakeModel) -> None:
    preview = await asked.preview(LOG)
    assert fake.calls == 0

    await asked.summarize(LOG)

    assert fake.bodies == [preview.request_body]
    assert preview.endpoint == f"{fake.url}/chat/completions"
    assert preview.estimated_tokens == -(-len(preview.request_body) // 3)
    assert {count.rule for count in preview.redactions} == {"email"}


async def test_the_fence_is_new_for_other_groups_and_for_another_process(
    build: Build, fake: FakeModel
) -> None:
    one, other = build(), build()

    def fence(body: bytes) -> bytes:
        return body.split(b"BEGIN ")[2].split(b"\\n")[0]

    first = fence((await one.preview(LOG)).request_body)
    assert first != fence((await one.preview(LOG + LOG)).request_body)
    assert first != fence((await other.preview(LOG)).request_body)


async def test_nothing_secret_is_in_what_is_sent_or_answered(asked: Asked, fake: FakeModel) -> None:
    fake.behaves(Mood.LEAKS)

    summary = await asked.summarize(LOG)

    assert b"mary.major" not in fake.bodies[0]
    told = str(summary)
    assert "mary.major" not in told
    assert "jane.roe@example.com" not in told
    assert "Tr0ub4dor" not in told
    assert "<EMAIL_1>" in summary.findings[0].explanation
    again = await asked.summarize(LOG)
    assert again.source is AnswerSource.CACHED
    assert "jane.roe" not in str(again)


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        (Mood.UNKNOWN_IDS, "unknown_group"),
        (Mood.FALSE_QUOTES, "quote_not_found"),
        (Mood.PASSES_OVER_THE_WORST, "worst_group_missing"),
    ],
)
async def test_a_lie_is_dropped_and_told(asked: Asked, fake: FakeModel, mood: Mood, reason: str) -> None:
    fake.behaves(mood)

    summary = await asked.summarize(LOG)

    assert summary.source is AnswerSource.EXTRACTIVE
    assert summary.findings == ()
    assert dict(summary.dropped)[reason] >= 1
    assert used(summary).outcome == "nothing_verified"
    assert summary.groups


async def test_a_severity_below_the_evidence_is_dropped_and_the_evidences_own_stays(
    asked: Asked, fake: FakeModel
) -> None:
    honest = await asked.summarize(LOG)
    fake.behaves(Mood.LOW_SEVERITY)

    summary = await asked.summarize(LOG, fresh=True)

    assert dict(summary.dropped) == {"severity_below_floor": 3}
    assert [finding.severity for finding in summary.findings] == [
        finding.severity for finding in honest.findings
    ]
    assert summary.severity == honest.severity >= Severity.HIGH


@pytest.mark.parametrize(
    ("mood", "outcome", "calls"),
    [
        (Mood.SERVER_ERROR, "server_error", 2),
        (Mood.RESETS, "unreachable", 2),
        (Mood.RATE_LIMITED_LONG, "rate_limited", 1),
        (Mood.UNAUTHORISED, "refused", 1),
        (Mood.HTML, "malformed", 1),
        (Mood.EMPTY, "malformed", 1),
        (Mood.HALF_JSON, "malformed", 1),
        (Mood.CUT, "unfinished", 1),
        (Mood.HUGE, "answer_too_large", 1),
    ],
)
async def test_whatever_the_model_does_there_is_an_answer(
    asked: Asked, fake: FakeModel, mood: Mood, outcome: str, calls: int
) -> None:
    fake.behaves(mood)

    summary = await asked.summarize(LOG)

    assert summary.source is AnswerSource.EXTRACTIVE
    assert (used(summary).outcome, used(summary).calls, fake.calls) == (outcome, calls, calls)
    assert summary.headline.startswith("121 errors in 3 groups")


@pytest.mark.parametrize("mood", [Mood.HANGS, Mood.DRIPS])
async def test_a_slow_model_costs_its_time_out_and_no_more(build: Build, fake: FakeModel, mood: Mood) -> None:
    fake.behaves(mood)
    asked = build(triage_model_timeout_seconds=0.6)
    began = time.monotonic()

    summary = await asked.summarize(LOG)

    assert time.monotonic() - began < 3.0
    assert (summary.source, used(summary).outcome) == (AnswerSource.EXTRACTIVE, "timeout")


async def test_a_log_without_errors_asks_nobody(asked: Asked, fake: FakeModel) -> None:
    summary = await asked.summarize("2026-03-01T10:00:00Z INFO all is well\n")

    assert (summary.source, summary.severity) == (AnswerSource.EXTRACTIVE, Severity.NONE)
    assert used(summary).outcome == "nothing_to_ask"
    assert fake.calls == 0


async def test_a_fresh_answer_is_given_again_and_a_new_one_on_demand(
    asked: Asked, fake: FakeModel, clock: FrozenClock
) -> None:
    await asked.summarize(LOG)
    clock.advance(100)

    again = await asked.summarize(LOG)
    assert (again.source, again.age_seconds, again.stale) == (AnswerSource.CACHED, 100.0, False)
    assert again.findings
    assert fake.calls == 1

    assert (await asked.summarize(LOG, fresh=True)).source is AnswerSource.MODEL
    assert fake.calls == 2


async def test_a_stale_answer_is_given_when_the_model_is_gone_and_marked(
    asked: Asked, fake: FakeModel, clock: FrozenClock
) -> None:
    await asked.summarize(LOG)
    clock.advance(1000)
    fake.behaves(Mood.SERVER_ERROR)

    stale = await asked.summarize(LOG)

    assert (stale.source, stale.age_seconds, stale.stale) == (AnswerSource.CACHED, 1000.0, True)
    assert stale.findings
    assert used(stale).outcome == "server_error"


async def test_an_answer_is_not_shared_between_callers_who_pushed_their_own_lines(
    asked: Asked, fake: FakeModel
) -> None:
    await asked.summarize(LOG, user="ada")
    assert (await asked.summarize(LOG, user="eve")).source is AnswerSource.MODEL


async def test_a_new_group_is_another_question(asked: Asked, fake: FakeModel) -> None:
    await asked.summarize(LOG)
    worse = LOG + "2026-03-01T10:03:00.000Z FATAL ledger: disk quota exceeded, shutting down\n"

    assert (await asked.summarize(worse)).source is AnswerSource.MODEL


async def test_the_breaker_opens_and_closes_by_itself(
    build: Build, fake: FakeModel, clock: FrozenClock
) -> None:
    asked = build(circuit_breaker_fail_max=2, circuit_breaker_reset_seconds=30)
    fake.behaves(Mood.HTML)
    for _ in range(2):
        assert used(await asked.summarize(LOG)).outcome == "malformed"

    assert used(await asked.summarize(LOG)).outcome == "breaker_open"
    assert fake.calls == 2

    fake.behaves(Mood.HONEST)
    clock.advance(31)
    assert (await asked.summarize(LOG)).source is AnswerSource.MODEL
    assert fake.calls == 3


async def test_a_wrong_key_never_opens_the_breaker(build: Build, fake: FakeModel) -> None:
    asked = build(circuit_breaker_fail_max=1)
    fake.behaves(Mood.UNAUTHORISED)

    outcomes = [used(await asked.summarize(LOG)).outcome for _ in range(3)]

    assert outcomes == ["refused"] * 3


async def test_the_same_question_at_the_same_time_is_asked_once(asked: Asked, fake: FakeModel) -> None:
    summaries = await asyncio.gather(*(asked.summarize(LOG) for _ in range(8)))

    assert fake.calls == 1
    assert all(summary.findings for summary in summaries)
    assert sum(used(summary).calls for summary in summaries if summary.source is AnswerSource.MODEL) == 1


async def test_one_who_goes_away_does_not_take_the_answer_from_the_others(
    build: Build, fake: FakeModel
) -> None:
    asked = build(triage_model_timeout_seconds=5)
    fake.behaves(Mood.HANGS, Mood.HONEST)
    first = asyncio.create_task(asked.summarize(LOG))
    await fake.arrived.wait()
    second = asyncio.create_task(asked.summarize(LOG))
    await asyncio.wait({second}, timeout=0.1)

    first.cancel()
    await asyncio.wait({first})
    # The connection the first one opened is cut; the one retry of the flight answers.
    fake.release.set()
    summary = await second

    assert summary.source is AnswerSource.MODEL
    assert fake.calls == 2


async def test_past_the_bulkhead_nobody_waits(build: Build, fake: FakeModel) -> None:
    asked = build(triage_model_concurrency=1, triage_model_timeout_seconds=5)
    fake.behaves(Mood.HANGS)
    first = asyncio.create_task(asked.summarize(LOG))
    await fake.arrived.wait()

    summary = await asked.summarize(LOG, user="eve")

    assert used(summary).outcome == "model_busy"
    first.cancel()
    await asyncio.wait({first})


async def test_a_spent_budget_is_no_failure(build: Build, fake: FakeModel) -> None:
    asked = build(triage_daily_tokens_per_user=4_000)

    outcomes = [used(await asked.summarize(LOG, fresh=True)).outcome for _ in range(3)]

    assert outcomes == ["answered", "budget_spent", "budget_spent"]
    assert (await asked.summarize(LOG, user="eve")).source is AnswerSource.MODEL


async def test_many_groups_are_cut_to_what_a_call_may_cost(build: Build, fake: FakeModel) -> None:
    asked = build(triage_model_max_input_tokens=2_000)
    words = ("alpha", "bravo", "carol", "delta", "echo", "fox", "golf", "hotel", "india", "jolly")
    log = "".join(
        f"2026-03-01T10:00:00Z ERROR part {one} {other} {third} has stopped\n"
        for one in words for other in words for third in words[:3]
    )  # fmt: skip
    await asked.summarize(log)

    assert len(fake.bodies[0]) <= 6_000
    assert 1 <= len(groups_in(json.loads(fake.bodies[0]))) < 300

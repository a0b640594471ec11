"""A real model, however small, speaks the protocol; whatever it says, the answer is as right as without."""

import os
from contextlib import AsyncExitStack

import pytest

from chassis.clock import SystemClock
from triage.domain.answer import AnswerSource
from triage.testing.asking import Build

LOG = "".join(
    f"2026-03-01T10:00:{i % 60:02d}.000Z ERROR ledger: entry {i} of mary.major@example.com was rejected\n"
    for i in range(60)
)
NOT_THE_PROTOCOLS_FAULT = {"answered", "nothing_verified", "malformed", "unfinished"}


@pytest.mark.timeout(600)
async def test_the_answer_is_by_the_schema_and_what_is_not_proven_is_dropped() -> None:
    async with AsyncExitStack() as stack:
        asked = Build(stack, SystemClock(), os.environ["REAL_MODEL_URL"])(
            seconds=600,
            openai_model=os.environ.get("REAL_MODEL", "local"),
            triage_model_timeout_seconds=300,
            triage_model_max_output_tokens=400,
        )
        summary = await asked.summarize(LOG)

    assert summary.model is not None
    assert summary.model.outcome in NOT_THE_PROTOCOLS_FAULT
    assert summary.model.output_tokens > 0
    assert summary.groups[0].group.count == 60
    group = summary.groups[0].group
    for finding in summary.findings:
        assert all(cited.quote in group.example + group.template for cited in finding.citations)
    assert bool(summary.findings) == (summary.source is AnswerSource.MODEL)
    assert "mary.major" not in str(summary)

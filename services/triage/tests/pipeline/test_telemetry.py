"""What is counted: sources, outcomes, rules and reasons, and never a word of a log."""

import logging
from collections.abc import Iterator
from functools import partial
from itertools import count

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from chassis.observability import tracing
from chassis.observability.context import Sampler, attached
from chassis.observability.histograms import histogram
from chassis.observability.metrics import AGES, SECONDS
from chassis.testing import FrozenClock
from triage.domain.reading import Digester, Spent
from triage.domain.redaction import Redactor
from triage.llm.breaker import ModelBreaker
from triage.rules import load
from triage.telemetry import Telemetry
from triage.testing.asking import Asked, Build
from triage.testing.fake_model import FakeModel, Mood

LOG = "2026-03-01T10:00:00.000Z ERROR shop: order 17 of mary.major@example.com failed\n" * 3


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    yield reader
    provider.shutdown()


def points(reader: InMemoryMetricReader) -> dict[str, list[tuple[dict[str, object], float]]]:
    data = reader.get_metrics_data()
    assert data is not None
    return {
        metric.name: [
            (dict(point.attributes or {}), getattr(point, "value", getattr(point, "sum", 0)))
            for point in metric.data.data_points
        ]
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


async def test_an_answer_is_counted_by_its_source_and_its_redactions_by_rule(
    read: InMemoryMetricReader, asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    telemetry = Telemetry()
    caplog.set_level(logging.INFO, logger="triage.telemetry")
    telemetry.answered(await asked.summarize(LOG), 1.5)

    found = points(read)
    assert found["triage.answers"] == [({"triage.source": "model", "triage.model.outcome": "answered"}, 1)]
    assert found["triage.redactions"] == [({"triage.rule": "email"}, 3)]
    assert found["triage.read"][0][1] == len(LOG)
    assert "order" not in str(found)
    assert [record.getMessage() for record in caplog.records] == ["triage.answered"]
    assert "failed" not in str(vars(caplog.records[0]))


STAGES = ("read", "select", "redact", "group", "model", "verify")


def counts(name: str, label: str) -> dict[str, int]:
    """Measurements so far of one of our histograms, by a label."""
    return {
        str(series.attributes[label]): sum(series.buckets)
        for series in histogram(name, unit="s", description="", bounds=SECONDS).measured()
    }


async def test_every_stage_is_timed(asked: Asked) -> None:
    before = counts("triage.stage.duration", "triage.stage")
    await asked.summarize(LOG)

    after = counts("triage.stage.duration", "triage.stage")
    assert set(after) == set(STAGES)
    assert {stage: after[stage] - before.get(stage, 0) for stage in STAGES} == dict.fromkeys(STAGES, 1)


def test_work_on_a_log_is_told_apart_by_what_it_was() -> None:
    # One second passes between any two looks at the clock.
    digester = Digester(Redactor(load(None).rule_set), timer=partial(next, count()))
    digester.feed(LOG.encode())
    digester.boundary()

    assert digester.finish().spent == Spent(select=3, redact=3, group=4)


async def test_the_age_of_a_kept_answer_is_told(build: Build, fake: FakeModel, clock: FrozenClock) -> None:
    asked = build(triage_cache_fresh_seconds=60)
    telemetry = Telemetry()
    telemetry.answered(await asked.summarize(LOG), 0.1)
    clock.advance(30)
    telemetry.answered(await asked.summarize(LOG), 0.1)
    fake.behaves(Mood.UNAUTHORISED)
    clock.advance(600)
    telemetry.answered(await asked.summarize(LOG), 0.1)

    known = histogram("triage.cached.age", unit="s", description="", bounds=AGES)
    told = {series.attributes["triage.stale"]: series for series in known.measured()}
    assert {stale: (sum(series.buckets), series.total) for stale, series in told.items()} == {
        "false": (1, 30), "true": (1, 630),
    }  # fmt: skip


def test_what_a_model_uses_is_told_from_nothing_on(read: InMemoryMetricReader) -> None:
    Telemetry().begins("never-asked")

    assert points(read)["triage.model.cost"] == [({"gen_ai.request.model": "never-asked"}, 0)]
    known = histogram("gen_ai.client.token.usage", unit="{token}", description="", bounds=())
    told = [
        series for series in known.measured() if series.attributes["gen_ai.request.model"] == "never-asked"
    ]
    assert [(series.attributes["gen_ai.token.type"], series.total) for series in told] == [
        ("input", 0), ("output", 0),
    ]  # fmt: skip


async def test_a_question_of_a_recorded_trace_is_a_span_that_says_what_it_cost(
    asked: Asked, fake: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))
    await asked.summarize(LOG)
    assert spans.get_finished_spans() == ()
    fake.behaves(Mood.UNAUTHORISED)
    with attached(Sampler(1.0).begin()):
        await asked.summarize(LOG, fresh=True)
        fake.behaves(Mood.HONEST)
        await asked.summarize(LOG, fresh=True)

    failed, answered = (span for span in spans.get_finished_spans() if span.name.startswith("chat "))
    assert failed.kind is answered.kind is SpanKind.CLIENT
    assert (failed.attributes or {})["error.type"] == "refused"
    assert not failed.status.is_ok
    assert answered.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.request.max_tokens": 2000,
        "server.address": "127.0.0.1",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 200,
    }
    assert "failed" not in "".join(span.to_json() for span in spans.get_finished_spans())


async def test_a_dropped_claim_is_counted_by_its_reason(
    read: InMemoryMetricReader, asked: Asked, fake: FakeModel
) -> None:
    fake.behaves(Mood.UNKNOWN_IDS)
    Telemetry().answered(await asked.summarize(LOG), 0.1)

    reasons = {labels["triage.reason"]: value for labels, value in points(read)["triage.claims.dropped"]}
    assert reasons == {"unknown_group": 1, "finding_without_evidence": 1, "worst_group_missing": 1}


def test_the_breakers_state_is_a_number(read: InMemoryMetricReader) -> None:
    breaker = ModelBreaker(fail_max=1, reset_seconds=30, clock=FrozenClock())
    Telemetry().watch(breaker)
    assert points(read)["triage.breaker.state"] == [({}, 0)]

    permit = breaker.admit()
    assert permit is not None
    permit.failed()
    assert points(read)["triage.breaker.state"] == [({}, 2)]

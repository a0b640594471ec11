"""What is counted: sources, outcomes, rules and reasons, and never a word of a log."""

import logging
from collections.abc import Iterator

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from chassis.testing import FrozenClock
from triage.llm.breaker import ModelBreaker
from triage.telemetry import Telemetry
from triage.testing.asking import Asked
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

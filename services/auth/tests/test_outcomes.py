"""What whoever watches auth is told."""

from datetime import timedelta

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint

from auth.feed import RevocationFeed
from auth.outcomes import Outcomes
from chassis.errors import Unauthenticated
from chassis.testing import FrozenClock


def told(reader: InMemoryMetricReader) -> dict[str, list[tuple[dict[str, object], float]]]:
    data = reader.get_metrics_data()
    if data is None:
        return {}
    return {
        metric.name: [
            (dict(point.attributes or {}), point.value)
            for point in metric.data.data_points
            if isinstance(point, NumberDataPoint)
        ]
        for metric in data.resource_metrics[0].scope_metrics[0].metrics
    }


def test_outcomes_are_counted_by_reason_and_staleness_is_told_once_it_is_known():
    clock, reader = FrozenClock(), InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    feed = RevocationFeed(clock)
    outcomes = Outcomes(feed, provider.get_meter("auth"))

    with outcomes.refresh():
        pass
    with pytest.raises(Unauthenticated), outcomes.refresh():
        raise Unauthenticated(reason="SESSION_REPLAYED")
    with outcomes.sign_in():
        pass
    before = told(reader)
    feed.add([], as_of=clock.now().timestamp())
    clock.advance(timedelta(seconds=7).total_seconds())

    assert "auth.revocations.staleness" not in before
    assert sorted(before["auth.refreshes"], key=str) == [
        ({"outcome": "OK"}, 1),
        ({"outcome": "SESSION_REPLAYED"}, 1),
    ]
    assert before["auth.sign_ins"] == [({"outcome": "OK"}, 1)]
    assert told(reader)["auth.revocations.staleness"] == [({}, 7.0)]
    provider.shutdown()

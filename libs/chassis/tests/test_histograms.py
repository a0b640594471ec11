"""Our own histograms, as Prometheus and a collector get them."""

from collections.abc import Iterator
from itertools import count

import pytest
from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics
from opentelemetry.sdk.resources import Resource
from prometheus_client import REGISTRY, exposition
from prometheus_client.openmetrics import exposition as openmetrics

from chassis.observability.context import TraceContext, attached, recorded
from chassis.observability.histograms import Measured, histogram
from chassis.observability.readers import PrometheusReader, joined

TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
BOUNDS = (0.1, 1.0)
numbers = count()


@pytest.fixture
def made() -> Measured:
    return histogram(f"shop.wait.n{next(numbers)}", unit="s", description="Waiting.", bounds=BOUNDS)


@pytest.fixture
def reader() -> Iterator[PrometheusReader]:
    reading = PrometheusReader()
    yield reading
    reading.shutdown()


def lines(text: bytes, made: Measured) -> list[str]:
    name = made.name.replace(".", "_")
    return [line for line in text.decode().splitlines() if line.startswith(name)]


@pytest.mark.usefixtures("reader")
def test_who_asks_for_openmetrics_gets_the_latest_recorded_trace_of_each_bucket(made: Measured) -> None:
    series = made.series({"http.route": "buy"})
    series.record(0.5, TRACE._replace(trace_id="1" * 32))
    series.record(0.7, TRACE)
    series.record(0.01)

    told = lines(openmetrics.generate_latest(REGISTRY), made)  # type: ignore[no-untyped-call]
    (led,) = [line for line in told if "trace_id" in line]
    assert 'http_route="buy",le="1.0"} 3.0 # {' in led
    assert f'{{span_id="{TRACE.span_id}",trace_id="{TRACE.trace_id}"}} 0.7' in led


@pytest.mark.usefixtures("reader")
def test_plain_text_holds_the_same_figures_and_no_exemplar(made: Measured) -> None:
    made.series({"http.route": "buy"}).record(0.5, TRACE)
    made.series({"http.route": "buy", "error.type": "503"}).record(7.0)

    told = lines(exposition.generate_latest(REGISTRY), made)
    name = made.name.replace(".", "_") + "_seconds"
    assert f'{name}_bucket{{error_type="",http_route="buy",le="1.0"}} 1.0' in told
    assert f'{name}_bucket{{error_type="503",http_route="buy",le="1.0"}} 0.0' in told
    assert f'{name}_count{{error_type="503",http_route="buy"}} 1.0' in told
    assert f'{name}_sum{{error_type="503",http_route="buy"}} 7.0' in told
    assert not any("trace_id" in line for line in told)


def test_a_collector_gets_the_same_exemplars(made: Measured) -> None:
    made.series({}).record(0.5, TRACE)
    sent = joined(MetricsData([ResourceMetrics(Resource({}), [], "")]))

    (metric,) = [
        each
        for resource in sent.resource_metrics
        for scope in resource.scope_metrics
        for each in scope.metrics
        if each.name == made.name
    ]
    (point,) = metric.data.data_points
    (exemplar,) = point.exemplars
    assert (exemplar.trace_id, exemplar.span_id, exemplar.value) == (
        int(TRACE.trace_id, 16), int(TRACE.span_id, 16), 0.5,
    )  # fmt: skip


def test_only_a_trace_that_is_recorded_can_be_led_to() -> None:
    with attached(TRACE):
        assert recorded() == TRACE
    with attached(TRACE._replace(sampled=False)):
        assert recorded() is None
    assert recorded() is None


@pytest.mark.usefixtures("reader")
def test_a_second_reader_in_one_process_sees_the_same_and_may_leave_first(made: Measured) -> None:
    made.series({}).record(0.05)
    second = PrometheusReader()
    counted = f"{made.name.replace('.', '_')}_seconds_count 1.0"
    assert lines(exposition.generate_latest(REGISTRY), made).count(counted) == 1
    second.shutdown()

    assert lines(exposition.generate_latest(REGISTRY), made).count(counted) == 1

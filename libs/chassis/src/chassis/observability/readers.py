"""Who reads the metrics: a collector gets them pushed, Prometheus asks; ours are beside OpenTelemetry's."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import MetricsData, PeriodicExportingMetricReader, ScopeMetrics
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import REGISTRY
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from chassis.observability.histograms import Measured, Series, every

_UNITS: Final = {"s": "seconds", "By": "bytes"}
Bucket = tuple[str, float] | tuple[str, float, Exemplar]


class PeriodicReader(PeriodicExportingMetricReader):
    def _receive_metrics(self, metrics_data: MetricsData, *args: Any, **kwargs: Any) -> None:
        super()._receive_metrics(joined(metrics_data), *args, **kwargs)


def joined(data: MetricsData) -> MetricsData:
    """What OpenTelemetry collected, and ours."""
    ours = [metric for metric in (measured.metric() for measured in every()) if metric.data.data_points]
    if not ours or not data.resource_metrics:
        return data
    first, *others = data.resource_metrics
    scope = ScopeMetrics(InstrumentationScope("reliability"), ours, schema_url="")
    return MetricsData([replace(first, scope_metrics=[*first.scope_metrics, scope]), *others])


class PrometheusReader(PrometheusMetricReader):
    """Ours go past OpenTelemetry's exporter, which drops exemplars."""

    def __init__(self) -> None:
        super().__init__()
        _OURS.opened()

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        _OURS.closed()
        super().shutdown(timeout_millis, **kwargs)


class _Ours(Collector):
    """Registered once, however many readers there are: the histograms are the process's."""

    def __init__(self) -> None:
        self._readers = 0

    def opened(self) -> None:
        if self._readers == 0:
            REGISTRY.register(self)
        self._readers += 1

    def closed(self) -> None:
        self._readers -= 1
        if self._readers == 0:
            REGISTRY.unregister(self)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Named as OpenTelemetry's exporter names its own; exemplars for who asks for OpenMetrics."""
        for measured in every():
            family = _family(measured)
            if family.samples:
                yield family


_OURS: Final = _Ours()


def _family(measured: Measured) -> HistogramMetricFamily:
    found = list(measured.measured())
    # A label that one series has, every one has; the others have it empty.
    names = sorted({name for series in found for name in series.attributes})
    family = HistogramMetricFamily(
        measured.name.replace(".", "_"),
        measured.description,
        labels=[name.replace(".", "_") for name in names],
        unit=_UNITS.get(measured.unit, ""),
    )
    for series in found:
        values = [str(series.attributes.get(name, "")) for name in names]
        family.add_metric(values, list(_buckets(measured, series)), series.total)
    return family


def _buckets(measured: Measured, series: Series) -> Iterator[Bucket]:
    total = 0
    for at, bound in enumerate((*measured.bounds, "+Inf")):
        total += series.buckets[at]
        seen = series.seen.get(at)
        if seen is None:
            yield str(bound), total
        else:
            labels = {"trace_id": seen.trace_id, "span_id": seen.span_id}
            yield str(bound), total, Exemplar(labels, seen.value, seen.at)

"""Histograms for the hottest paths: a measurement costs one bisection and no lock, export is OpenTelemetry's.

OpenTelemetry's own cleans the attributes and looks for an exemplar at every measurement, which is
more than a cached decision costs. These are recorded by the event loop's thread alone; whoever
exports reads a count that is at most one measurement old.
"""

import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    PeriodicExportingMetricReader,
    ScopeMetrics,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

_MOST_SERIES: Final = 4096
Attributes = Mapping[str, str | int]


class Series:
    """The measurements of one set of attributes."""

    __slots__ = ("attributes", "bounds", "buckets", "most", "total")

    def __init__(self, attributes: Attributes, bounds: Sequence[float]) -> None:
        self.attributes = attributes
        self.bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.most = 0.0

    def record(self, value: float) -> None:
        self.buckets[bisect_left(self.bounds, value)] += 1
        self.total += value
        self.most = max(self.most, value)


class Measured:
    """One histogram of the process; ask `histogram` for it."""

    def __init__(self, name: str, unit: str, description: str, bounds: Sequence[float]) -> None:
        self._name, self._unit, self._description = name, unit, description
        self._bounds = tuple(bounds)
        self._series: dict[tuple[tuple[str, str | int], ...], Series] = {}
        self._began = time.time_ns()
        self._overflow = Series({"otel.metric.overflow": "true"}, self._bounds)

    def series(self, attributes: Attributes) -> Series:
        """Keep what this returns: finding it again is what is being avoided."""
        key = tuple(sorted(attributes.items()))
        found = self._series.get(key)
        if found is None:
            if len(self._series) >= _MOST_SERIES:
                return self._overflow
            found = self._series[key] = Series(dict(attributes), self._bounds)
        return found

    def metric(self) -> Metric:
        now = time.time_ns()
        points = []
        for series in (*self._series.values(), self._overflow):
            buckets = tuple(series.buckets)
            if not any(buckets):
                continue
            point = HistogramDataPoint(
                attributes=dict(series.attributes),
                start_time_unix_nano=self._began,
                time_unix_nano=now,
                count=sum(buckets),
                sum=series.total,
                bucket_counts=buckets,
                explicit_bounds=self._bounds,
                min=0.0,
                max=series.most,
            )
            points.append(point)
        data = Histogram(points, AggregationTemporality.CUMULATIVE)
        return Metric(self._name, self._description, self._unit, data)


_known: Final[dict[str, Measured]] = {}


def histogram(name: str, *, unit: str, description: str, bounds: Sequence[float]) -> Measured:
    """The histogram of this name; the first to ask decides the rest."""
    found = _known.get(name)
    if found is None:
        found = _known[name] = Measured(name, unit, description, bounds)
    return found


def joined(data: MetricsData) -> MetricsData:
    """What OpenTelemetry collected, and ours."""
    ours = [metric for metric in (known.metric() for known in _known.values()) if metric.data.data_points]
    if not ours or not data.resource_metrics:
        return data
    first, *others = data.resource_metrics
    scope = ScopeMetrics(InstrumentationScope("reliability"), ours, schema_url="")
    return MetricsData([replace(first, scope_metrics=[*first.scope_metrics, scope]), *others])


class PrometheusReader(PrometheusMetricReader):
    def _receive_metrics(self, metrics_data: MetricsData, *args: Any, **kwargs: Any) -> None:
        super()._receive_metrics(joined(metrics_data), *args, **kwargs)


class PeriodicReader(PeriodicExportingMetricReader):
    def _receive_metrics(self, metrics_data: MetricsData, *args: Any, **kwargs: Any) -> None:
        super()._receive_metrics(joined(metrics_data), *args, **kwargs)

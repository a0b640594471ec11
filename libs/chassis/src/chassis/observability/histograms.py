"""Histograms for the hottest paths: a measurement costs one bisection and no lock, export is OpenTelemetry's.

OpenTelemetry's own cleans the attributes and looks for an exemplar at every measurement, which is
more than a cached decision costs. These are recorded by the event loop's thread alone; whoever
exports reads a count that is at most one measurement old. An exemplar is kept only of what is
recorded as a trace: the latest of each bucket.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import AggregationTemporality, Histogram, HistogramDataPoint, Metric

_MOST_SERIES: Final = 4096
Attributes = Mapping[str, str | int]


class Traced(Protocol):
    """A place in a trace that is recorded; ids are lower-case hexadecimal."""

    @property
    def trace_id(self) -> str: ...
    @property
    def span_id(self) -> str: ...


class Seen(NamedTuple):
    """One measurement, and the trace it was made in."""

    value: float
    trace_id: str
    span_id: str
    # Seconds since the epoch.
    at: float


class Series:
    """The measurements of one set of attributes."""

    __slots__ = ("attributes", "bounds", "buckets", "most", "seen", "shown", "total")

    def __init__(self, attributes: Attributes, bounds: Sequence[float]) -> None:
        # Whether it is told while there is nothing in it.
        self.shown = False
        self.attributes = attributes
        self.bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.most = 0.0
        self.seen: dict[int, Seen] = {}

    def record(self, value: float, trace: Traced | None = None) -> None:
        """`trace` only where it is recorded: it is what an exemplar leads to."""
        bucket = bisect_left(self.bounds, value)
        self.buckets[bucket] += 1
        self.total += value
        self.most = max(self.most, value)
        if trace is not None:
            self.seen[bucket] = Seen(value, trace.trace_id, trace.span_id, time.time())


class Measured:
    """One histogram of the process; ask `histogram` for it."""

    def __init__(self, name: str, unit: str, description: str, bounds: Sequence[float]) -> None:
        self.name, self.unit, self.description = name, unit, description
        self.bounds = tuple(bounds)
        self._series: dict[tuple[tuple[str, str | int], ...], Series] = {}
        self._began = time.time_ns()
        self._overflow = Series({"otel.metric.overflow": "true"}, self.bounds)

    def series(self, attributes: Attributes) -> Series:
        """Keep what this returns: finding it again is what is being avoided."""
        key = tuple(sorted(attributes.items()))
        found = self._series.get(key)
        if found is None:
            if len(self._series) >= _MOST_SERIES:
                return self._overflow
            found = self._series[key] = Series(dict(attributes), self.bounds)
        return found

    def from_zero(self, attributes: Attributes) -> Series:
        """The same, told from now on: else its first measurement is where it begins, and no rise."""
        series = self.series(attributes)
        series.shown = True
        return series

    def measured(self) -> Iterator[Series]:
        """Every series with anything in it, and those that begin at nothing."""
        for series in (*self._series.values(), self._overflow):
            if series.shown or any(series.buckets):
                yield series

    def metric(self) -> Metric:
        now = time.time_ns()
        points = [self._point(series, now) for series in self.measured()]
        data = Histogram(points, AggregationTemporality.CUMULATIVE)
        return Metric(self.name, self.description, self.unit, data)

    def _point(self, series: Series, now: int) -> HistogramDataPoint:
        buckets = tuple(series.buckets)
        return HistogramDataPoint(
            attributes=dict(series.attributes),
            start_time_unix_nano=self._began,
            time_unix_nano=now,
            count=sum(buckets),
            sum=series.total,
            bucket_counts=buckets,
            explicit_bounds=self.bounds,
            min=0.0,
            max=series.most,
            exemplars=[
                Exemplar({}, seen.value, round(seen.at * 1e9), int(seen.span_id, 16), int(seen.trace_id, 16))
                for seen in tuple(series.seen.values())
            ],
        )


_known: Final[dict[str, Measured]] = {}


def histogram(name: str, *, unit: str, description: str, bounds: Sequence[float]) -> Measured:
    """The histogram of this name; the first to ask decides the rest."""
    found = _known.get(name)
    if found is None:
        found = _known[name] = Measured(name, unit, description, bounds)
    return found


def every() -> Sequence[Measured]:
    return tuple(_known.values())

"""Metrics: one provider, read by Prometheus on the internal port and pushed by OTLP."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Final

from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.resources import Resource

from chassis.observability.readers import PeriodicReader, PrometheusReader

_FLUSH_SECONDS: Final = 2.0
_EXPORT_SECONDS: Final = 5

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bucket bounds for durations, from a cached decision to a model's answer."""

AGES: Final = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0)
"""Bucket bounds for the age of an answer that was kept, from a second to a day."""


def setup(stack: AsyncExitStack, *, endpoint: str | None, resource: Resource, prometheus: bool) -> None:
    """Starts measuring: for a scrape, for the collector, for both or for nobody."""
    readers: list[MetricReader] = []
    if prometheus:
        readers.append(PrometheusReader())
    if endpoint is not None:
        exporter = OTLPMetricExporter(
            endpoint=endpoint, insecure=endpoint.startswith("http://"), timeout=_EXPORT_SECONDS
        )
        readers.append(PeriodicReader(exporter, export_interval_millis=15_000))
    if not readers:
        return
    provider = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
    metrics.set_meter_provider(provider)
    began = time.monotonic()
    # Also the one measurement that is always there: readers are not asked where there is none.
    provider.get_meter("reliability").create_observable_gauge(
        "process.uptime", [lambda _: [metrics.Observation(time.monotonic() - began)]], unit="s"
    )

    async def close() -> None:
        await asyncio.wait(
            {asyncio.ensure_future(asyncio.to_thread(provider.shutdown))}, timeout=_FLUSH_SECONDS
        )

    stack.push_async_callback(close)

"""Logs, traces and metrics of a service, switched on together."""

from contextlib import AsyncExitStack

from chassis.observability import logging, metrics, tracing
from chassis.observability.context import Sampler
from chassis.settings import ServiceSettings


def observe(
    stack: AsyncExitStack, settings: ServiceSettings, service: str, *, prometheus: bool = False
) -> Sampler:
    """Switches everything on for as long as the stack lives; answers with who decides what is recorded.

    Args:
        stack: flushes what is left, within seconds.
        settings: the collector's address and the share of traces to keep.
        service: `service.name`.
        prometheus: also keep the metrics for a scrape of this process.
    """
    logging.configure(service, settings.log_level)
    endpoint = settings.otel_exporter_otlp_endpoint
    resource = tracing.resource(service, settings.environment)
    tracing.setup(stack, endpoint=endpoint, resource=resource)
    metrics.setup(stack, endpoint=endpoint, resource=resource, prometheus=prometheus)
    return Sampler(settings.otel_traces_sampler_arg if endpoint else 0.0)

"""Traces: OTLP to the collector, in the background, never in the way of a request."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue

from chassis.errors import ServiceError, Unavailable
from chassis.observability.context import TraceContext, attached, current

_FLUSH_SECONDS: Final = 2.0
_EXPORT_SECONDS: Final = 5
_tracer = trace.get_tracer("reliability")

FIRST: Final = TraceContext("0" * 32, "0" * 16, sampled=True)
"""What a span is under that begins a trace of its own."""


def resource(service: str, environment: str) -> Resource:
    return Resource.create({"service.name": service, "deployment.environment.name": environment})


def setup(stack: AsyncExitStack, *, endpoint: str | None, resource: Resource) -> None:
    """Starts exporting; without an endpoint nothing is recorded and nothing is spent."""
    if endpoint is None:
        return
    # Whether to record was decided at the edge (context.Sampler); what gets here is kept.
    provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(
        endpoint=endpoint, insecure=endpoint.startswith("http://"), timeout=_EXPORT_SECONDS
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)

    async def close() -> None:
        # A collector that is gone must not hold up the end of the process.
        await asyncio.wait(
            {asyncio.ensure_future(asyncio.to_thread(provider.shutdown))}, timeout=_FLUSH_SECONDS
        )

    stack.push_async_callback(close)


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    *,
    under: TraceContext | None = None,
    judged: bool = False,
    **attributes: AttributeValue,
) -> Iterator[Span | None]:
    """A child of where we are, or of `under`; None, at no cost, where the trace is not recorded.

    Attribute names are given with `_` for `.`: `rpc_system="grpc"`. What is raised
    is told by its kind and never by its words, which may hold what a client wrote;
    with `judged` whoever opened the span says that.
    """
    here = under or current()
    if here is None or not here.sampled:
        yield None
        return
    named = {key.replace("_", "."): value for key, value in attributes.items()}
    with _tracer.start_as_current_span(
        name,
        Context() if here is FIRST else here.as_parent(),
        kind=kind,
        attributes=named,
        record_exception=False,
        set_status_on_exception=False,
    ) as made:
        context = made.get_span_context()
        if not context.is_valid:
            yield None
            return
        with attached(TraceContext(f"{context.trace_id:032x}", f"{context.span_id:016x}", sampled=True)):
            try:
                yield made
            finally:
                if not judged and (error := sys.exception()) is not None:
                    _judge(made, error)


def failed(span: Span, kind: str, *, ours: bool = True) -> None:
    """Says what went wrong; what a caller asked wrongly is no error of `ours`."""
    span.set_attribute("error.type", kind)
    if ours:
        span.set_status(StatusCode.ERROR)


def _judge(made: Span, error: BaseException) -> None:
    match error:
        case ServiceError():
            failed(made, error.reason, ours=isinstance(error, Unavailable))
        case _:
            # Nobody waiting any more is neither.
            failed(made, type(error).__qualname__, ours=isinstance(error, Exception))

"""Spans say what went wrong by its kind and never by its words, and whose fault it was."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.errors import NotFound, ServiceError, Unavailable
from chassis.grpc.client import call
from chassis.observability import tracing
from chassis.observability.context import TraceContext, attached
from chassis.observability.histograms import histogram
from chassis.observability.metrics import SECONDS
from chassis.observability.tracing import FIRST, span
from chassis.security.tokens import Principal
from chassis.testing.grpc import channel_to, serving

TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
SECRET = "hunter2"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))
    yield kept
    provider.shutdown()


def told(span: ReadableSpan) -> tuple[object, bool]:
    """The kind of what went wrong, and whether it is an error of ours."""
    assert SECRET not in span.to_json()
    return (span.attributes or {}).get("error.type"), span.status.status_code.name == "ERROR"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError(SECRET), ("RuntimeError", True)),
        (Unavailable(SECRET, reason="GONE"), ("GONE", True)),
        (NotFound(SECRET, reason="NOBODY"), ("NOBODY", False)),
        (GeneratorExit(SECRET), ("GeneratorExit", False)),
    ],
)
def test_what_escapes_is_told_by_its_kind(
    spans: InMemorySpanExporter, error: BaseException, expected: tuple[str, bool]
) -> None:
    with attached(TRACE), pytest.raises(type(error)), span("work"):
        raise error

    (made,) = spans.get_finished_spans()
    assert told(made) == expected


def failing(error: Exception) -> Callable[[grpc.aio.Server], None]:
    async def fail(_: StringValue, __: Any) -> StringValue:
        raise error

    def register(server: grpc.aio.Server) -> None:
        handler = grpc.unary_unary_rpc_method_handler(
            fail,
            request_deserializer=StringValue.FromString,
            response_serializer=StringValue.SerializeToString,
        )
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("test.Spans", {"Fail": handler}),)
        )

    return register


async def nobody(_: str) -> Principal:
    raise NotImplementedError


def test_a_first_span_has_no_parent_and_what_follows_is_of_its_trace(spans: InMemorySpanExporter) -> None:
    with span("first", under=FIRST), span("second"):
        pass

    second, first = spans.get_finished_spans()
    assert first.parent is None
    assert first.context is not None
    assert second.context is not None
    assert second.parent is not None
    assert second.parent.span_id == first.context.span_id
    assert second.context.trace_id == first.context.trace_id


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError(SECRET), ("INTERNAL", True)),
        (Unavailable(SECRET, reason="GONE"), ("UNAVAILABLE", True)),
        (NotFound(SECRET, reason="NOBODY"), (None, False)),
    ],
)
async def test_a_call_is_an_error_where_the_fault_is_the_servers(
    spans: InMemorySpanExporter, error: Exception, expected: tuple[str | None, bool]
) -> None:
    public = frozenset({"/test.Spans/Fail"})
    async with (
        serving(failing(error), verify=nobody, public=public) as address,
        channel_to(address) as channel,
    ):
        method = channel.unary_unary(
            "/test.Spans/Fail",
            request_serializer=StringValue.SerializeToString,
            response_deserializer=StringValue.FromString,
        )
        with attached(TRACE), pytest.raises(ServiceError):
            await call(method, StringValue(), peer="spans")

    (made,) = spans.get_finished_spans()
    assert told(made) == expected
    assert made.context is not None
    assert made.parent is not None
    assert f"{made.parent.span_id:016x}" == TRACE.span_id
    known = histogram("rpc.server.call.duration", unit="s", description="", bounds=SECONDS)
    led = {
        (seen.trace_id, seen.span_id)
        for series in known.measured()
        if series.attributes["rpc.method"] == "test.Spans/Fail"
        for seen in series.seen.values()
    }
    assert (TRACE.trace_id, f"{made.context.span_id:016x}") in led

"""What is told of attempts at upstreams: what they took, and a span of each where the trace is recorded."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.observability.context import TraceContext, attached
from chassis.observability.histograms import histogram
from chassis.observability.metrics import SECONDS
from chassis.testing import FrozenClock
from gateway.proxy.faults import UpstreamFault
from gateway.proxy.pool import Address
from gateway.proxy.request import Outgoing
from gateway.proxy.rules import Retries, UpstreamRules
from gateway.proxy.telemetry import Observer
from gateway.proxy.upstream import Upstream
from gateway.testing.origin import Origin, raw

TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
UNAVAILABLE = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
Make = Callable[[str], Upstream]


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def make(origin: Origin, spans: InMemorySpanExporter) -> Iterator[Make]:
    made: list[Upstream] = []
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))

    def upstream(name: str) -> Upstream:
        upstream = Upstream(
            name,
            UpstreamRules(breaker_failures=10),
            now=FrozenClock().monotonic,
            observer=Observer(tracer=provider.get_tracer("test")),
        )
        upstream.update((Address("127.0.0.1", origin.port, b"o"),))
        made.append(upstream)
        return upstream

    yield upstream
    for each in made:
        each.close()


def get(trace: TraceContext, *more: str) -> Outgoing:
    head = "\r\n".join((*more, f"traceparent: {trace.traceparent}"))
    return Outgoing("GET", b"GET / HTTP/1.1\r\nHost: ", f"\r\n{head}\r\n\r\n".encode())


async def ask(upstream: Upstream, request: Outgoing, *, attempts: int = 1) -> int:
    lease = await upstream.open(request, Retries(attempts=attempts, on_statuses=frozenset({503})), timeout=5)
    await lease.release()
    return lease.connection.answer.status


def told(upstream: str) -> dict[str, int]:
    """How many attempts, by status and kind of error."""
    known = histogram("http.client.request.duration", unit="s", description="", bounds=SECONDS)
    found = {}
    for series in known.measured():
        if series.attributes["upstream"] == upstream:
            status, error = (
                series.attributes.get(name, "-") for name in ("http.response.status_code", "error.type")
            )
            found[f"{status} {error}"] = sum(series.buckets)
    return found


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


async def test_every_attempt_is_measured_by_how_it_ended(make: Make, origin: Origin) -> None:
    upstream = make("measured")
    await ask(upstream, get(TRACE))
    origin.reply = raw(UNAVAILABLE)
    await ask(upstream, get(TRACE), attempts=2)
    origin.reply = raw(b"", close=True)
    with pytest.raises(UpstreamFault):
        await ask(upstream, get(TRACE))

    assert told("measured") == {"200 -": 1, "503 503": 2, "- reset": 1}


async def test_whoever_leaves_is_no_measurement(make: Make, origin: Origin) -> None:
    upstream = make("left")
    arrived = asyncio.Event()

    async def hang(*_: object) -> None:
        arrived.set()
        await asyncio.Event().wait()

    origin.reply = hang
    asking = asyncio.create_task(ask(upstream, get(TRACE)))
    await arrived.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert told("left") == {}


async def test_a_recorded_attempt_is_a_span_between_ours_and_the_upstreams(
    make: Make, origin: Origin, spans: InMemorySpanExporter
) -> None:
    upstream = make("spans")
    origin.reply = raw(UNAVAILABLE)
    with attached(TRACE):
        await ask(upstream, get(TRACE, f"x-note: traceparent: 00-{TRACE.trace_id}-0000"), attempts=2)

    first, second = spans.get_finished_spans()
    for span, seen in zip((first, second), origin.seen, strict=True):
        assert span.context is not None
        assert span.parent is not None
        assert f"{span.parent.span_id:016x}" == TRACE.span_id
        assert seen.one("traceparent") == f"00-{TRACE.trace_id}-{span.context.span_id:016x}-01"
        assert seen.one("x-note") == f"traceparent: 00-{TRACE.trace_id}-0000"
        assert not span.status.is_ok
    assert attributes(second) == {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": origin.port,
        "gateway.upstream": "spans",
        "http.request.resend_count": 1,
        "http.response.status_code": 503,
        "error.type": "503",
    }


async def test_what_is_not_recorded_makes_no_span_and_no_exemplar(
    make: Make, origin: Origin, spans: InMemorySpanExporter
) -> None:
    unrecorded = TRACE._replace(sampled=False)
    with attached(unrecorded):
        await ask(make("unrecorded"), get(unrecorded))

    assert spans.get_finished_spans() == ()
    assert origin.seen[0].one("traceparent") == unrecorded.traceparent
    known = histogram("http.client.request.duration", unit="s", description="", bounds=SECONDS)
    (series,) = (each for each in known.measured() if each.attributes["upstream"] == "unrecorded")
    assert series.seen == {}

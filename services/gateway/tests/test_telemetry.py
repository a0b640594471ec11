"""What the gateway tells about itself."""

import asyncio
import contextlib
import re
from typing import Any

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.observability.context import Sampler
from chassis.observability.histograms import histogram
from chassis.observability.metrics import SECONDS
from gateway.asgi import App
from gateway.chain import Chain
from gateway.ends import Ends
from gateway.exchange import exchange
from gateway.policy import Access, RoutePolicy
from gateway.routing import Router
from gateway.settings import GatewaySettings
from gateway.telemetry import RequestMetrics
from gateway.testing.stand_in import StandIn
from gateway.testing.whole import Gateway, GatewayFactory
from gateway.verdict import Verdict
from reliability.auth.v1 import auth_pb2 as pb

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


async def test_durations_are_counted_by_route_method_and_status(gateway: Gateway, auth: StandIn) -> None:
    def count(said: bytes, status: int) -> float:
        # One for each scheme: what an earlier gateway of this process was asked by https is there too.
        figures = re.findall(
            r'http_server_request_duration_seconds_count\{[^}]*http_request_method="GET"[^}]*'
            rf'http_response_status_code="{status}"[^}}]*http_route="protected"[^}}]*\}} (\S+)',
            said.decode(),
        )
        return sum(map(float, figures))

    async def counted() -> tuple[float, float]:
        said = (await gateway.probe("/metrics")).body
        return count(said, 200), count(said, 401)

    passed, refused = await counted()
    for token in (auth.signer.token(), auth.signer.token(), "nonsense"):
        await gateway.ask("GET", "/protected", token=token)

    # Counted when an answer has left, so whoever got it may ask before that.
    async with asyncio.timeout(5):
        while await counted() != (passed + 2, refused + 1):
            await asyncio.sleep(0.005)


async def test_how_long_a_revocation_took_to_be_known_is_told_but_not_of_what_was_known_before(
    start: GatewayFactory, auth: StandIn
) -> None:
    told = histogram("gateway.revocations.propagation", unit="s", description="", bounds=SECONDS).series({})
    before, seconds = sum(told.buckets), told.total
    await auth.revoke(pb.REVOCATION_KIND_TOKEN, "long ago", ago=1000)
    gateway = await start()
    token = auth.signer.token(jti="now")
    assert (await gateway.ask("GET", "/protected", token=token)).status == 200
    await auth.revoke(pb.REVOCATION_KIND_TOKEN, "now", ago=1.5)

    async with asyncio.timeout(5):
        while (await gateway.ask("GET", "/protected", token=token)).status == 200:
            await asyncio.sleep(0.005)
    assert sum(told.buckets) == before + 1
    assert 1.5 <= told.total - seconds < 6.5


class Everyone:
    """A decision that lets everybody in."""

    def decide_now(self, *_: Any) -> Verdict:
        return Verdict(None)

    async def decide(self, *_: Any) -> Verdict:
        return Verdict(None)


async def arrive(spans: InMemorySpanExporter, ratio: float, headers: list[tuple[bytes, bytes]]) -> Any:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(exchange(scope))
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    await pass_through(app, RequestMetrics(provider.get_tracer("test")), ratio, headers)
    return seen[0]


async def pass_through(
    app: App, told: RequestMetrics, ratio: float = 0.0, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    async def nothing(*_: Any) -> Any: ...

    policy = RoutePolicy(name="x", methods=frozenset({"GET"}), access=Access.PUBLIC)
    chain = Chain(
        GatewaySettings(environment="test", trusted_hosts=("*",)),
        sampler=Sampler(ratio),
        metrics=told,
        draining=lambda: False,
        router=Router({"/x": {"GET": policy}}),
        engine=Everyone(),
        ends=Ends(app, app, forward_auth=None),  # type: ignore[arg-type]  # nobody asks it here
    )
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/x"}
    scope |= {"query_string": b"", "headers": [(b"host", b"x"), *(headers or ())], "client": ("192.0.2.1", 1)}
    await chain(scope, nothing, nothing)


@pytest.mark.parametrize("ends", [None, RuntimeError("a bug"), asyncio.CancelledError()])
async def test_a_request_is_under_way_until_it_ends_however_it_ends(
    monkeypatch: pytest.MonkeyPatch, ends: BaseException | None
) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    waiting: list[dict[Any, Any]] = []

    def under_way() -> dict[Any, Any]:
        data = reader.get_metrics_data()
        assert data is not None
        points = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
        return {(point.attributes or {})["http.request.method"]: point.value for point in points}  # type: ignore[union-attr]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        waiting.append(under_way())
        if ends is not None:
            raise ends

    with contextlib.suppress(asyncio.CancelledError):
        await pass_through(app, RequestMetrics())

    assert waiting == [{"GET": 1}]
    assert under_way() == {"GET": 0}
    provider.shutdown()


async def test_a_recorded_request_is_one_server_span_in_the_callers_trace() -> None:
    spans = InMemorySpanExporter()
    found = await arrive(spans, 0.0, [(b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())])

    (span,) = spans.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == found.trace_id == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT
    assert f"{span.context.span_id:016x}" == found.span_id
    assert span.attributes["http.response.status_code"] == 503
    assert span.attributes["error.type"] == "503"
    assert not span.status.is_ok


async def test_what_is_not_recorded_makes_no_span_but_keeps_its_ids() -> None:
    spans = InMemorySpanExporter()
    found = await arrive(spans, 1.0, [(b"traceparent", f"00-{TRACE}-{PARENT}-00".encode())])
    fresh = await arrive(spans, 0.0, [])

    assert spans.get_finished_spans() == ()
    assert found.trace_id == TRACE
    assert found.span_id != PARENT
    assert len(fresh.trace_id) == 32


async def test_two_traceparents_begin_a_new_trace() -> None:
    header = (b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())

    assert (await arrive(InMemorySpanExporter(), 0.0, [header, header])).trace_id != TRACE

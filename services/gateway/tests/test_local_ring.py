"""The ring of the gateway's own routes: it refuses alone, and says so."""

from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from gateway.exchange import KEY, Exchange
from gateway.policy import Access, RoutePolicy
from gateway.routes.app import own_routes
from gateway.settings import GatewaySettings
from gateway.testing.own import context

HEALTH = RoutePolicy(name="health", methods=frozenset({"GET"}), access=Access.PUBLIC)


async def ask(app: Any, client: str) -> int:
    found = Exchange(
        request_id="r" * 8, trace_id="1" * 32, span_id="2" * 16, sampled=False, fields={}, started=0
    )
    found.client, found.policy = client, HEALTH
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/health",
        "query_string": b"",
        "headers": [],
        KEY: found,
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status


async def test_what_the_inner_ring_refuses_is_counted_as_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = InMemoryMetricReader()
    monkeypatch.setattr(metrics, "get_meter", MeterProvider([reader], shutdown_on_exit=False).get_meter)
    async with AsyncExitStack() as stack:
        channel = grpc.aio.insecure_channel("localhost:1")
        stack.push_async_callback(channel.close)
        app = own_routes(context(channel, GatewaySettings(environment="test", rate_limit_health="2/minute")))
        assert [await ask(app, "192.0.2.1") for _ in range(4)] == [200, 200, 429, 429]
        assert await ask(app, "192.0.2.2") == 200

    data = reader.get_metrics_data()
    assert data is not None
    (counter,) = data.resource_metrics[0].scope_metrics[0].metrics
    (point,) = counter.data.data_points
    assert counter.name == "gateway.limits.refused"
    assert dict(point.attributes or {}) == {
        "http.route": "health", "key": "address", "mode": "enforced", "ring": "local",
    }  # fmt: skip
    assert point.value == 2  # type: ignore[union-attr]

"""What the suite calls and is not ours: an upstream, a collector and a model, each on a socket of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from aiohttp import web
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_rpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as trace_rpc

from suite.chaos.passage import HOST
from triage.testing.fake_model import FakeModel, fake_model

# With this header the upstream answers what nobody can use.
SPOIL = "X-Spoil"
_BODY = {"orders": [{"id": number, "state": "shipped"} for number in range(30)]}


@dataclass(frozen=True, slots=True)
class StandIns:
    upstream: int
    collector: int
    model: FakeModel

    @property
    def model_port(self) -> int:
        return int(self.model.url.rpartition(":")[2].partition("/")[0])


@asynccontextmanager
async def stand_ins() -> AsyncIterator[StandIns]:
    app = web.Application()
    app.router.add_get("/{path:.*}", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    collector = grpc.aio.server()
    # Generated without types.
    trace_rpc.add_TraceServiceServicer_to_server(_Traces(), collector)  # type: ignore[no-untyped-call]
    metrics_rpc.add_MetricsServiceServicer_to_server(_Metrics(), collector)  # type: ignore[no-untyped-call]
    port = collector.add_insecure_port(f"{HOST}:0")
    await collector.start()
    try:
        async with fake_model() as model:
            yield StandIns(runner.addresses[0][1], port, model)
    finally:
        await collector.stop(None)
        await runner.cleanup()


async def _answer(request: web.Request) -> web.Response:
    if SPOIL in request.headers:
        return web.Response(text="<html>not what was agreed</html>", content_type="text/html")
    return web.json_response(_BODY)


class _Traces(trace_rpc.TraceServiceServicer):
    async def Export(self, request: Any, context: Any) -> Any:  # noqa: N802  # the contract's name
        del request, context
        return trace_pb.ExportTraceServiceResponse()


class _Metrics(metrics_rpc.MetricsServiceServicer):
    async def Export(self, request: Any, context: Any) -> Any:  # noqa: N802  # the contract's name
        del request, context
        return metrics_pb.ExportMetricsServiceResponse()

"""A server span where the trace is recorded, a duration always, the trace id in every log."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc
from opentelemetry import metrics
from opentelemetry.trace import SpanKind

from chassis.grpc.interceptors.handlers import Context, Surrounding
from chassis.observability import context as trace_context
from chassis.observability.metrics import SECONDS
from chassis.observability.tracing import span

_NAMES: Final = {code.value[0]: code.name for code in grpc.StatusCode}


class TelemetryInterceptor(Surrounding):
    def __init__(self, sampler: trace_context.Sampler) -> None:
        self._sampler = sampler
        self._duration = metrics.get_meter("reliability").create_histogram(
            "rpc.server.call.duration",
            unit="s",
            description="How long calls took, by method and status.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        began = time.perf_counter()
        trace_context.attach(self._sampler.begin(_traceparent(context)))
        name = method.removeprefix("/")
        with span(name, SpanKind.SERVER, rpc_system_name="grpc", rpc_method=name) as recorded:
            try:
                yield
            finally:
                code = _NAMES.get(_number(context.code()), "UNKNOWN")
                self._duration.record(
                    time.perf_counter() - began,
                    {"rpc.system.name": "grpc", "rpc.method": name, "rpc.response.status_code": code},
                )
                if recorded is not None:
                    recorded.set_attribute("rpc.response.status_code", code)


def _number(code: Any) -> int:
    """grpc.aio has it as a number, as an enum, or not at all where all went well."""
    return int(code.value[0] if isinstance(code, grpc.StatusCode) else code or 0)


def _traceparent(context: Context) -> str | None:
    for name, value in context.invocation_metadata() or ():
        if name == "traceparent" and isinstance(value, str):
            return value
    return None

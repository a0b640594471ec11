"""What one attempt at an upstream took, and its span where the trace is recorded."""

import time
from collections.abc import Awaitable
from typing import Final

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from chassis.observability.context import TraceContext, recorded
from chassis.observability.histograms import Series, histogram
from chassis.observability.metrics import SECONDS
from gateway.proxy.connection import Connection
from gateway.proxy.faults import UpstreamFault
from gateway.proxy.pool import Address
from gateway.proxy.request import Outgoing
from gateway.telemetry import METHODS

_CLIENT_ERROR: Final = 400


class Attempts:
    """At one upstream. Series are found once; a span is made only of what is recorded."""

    def __init__(self, upstream: str, tracer: Tracer) -> None:
        self._upstream = upstream
        self._tracer = tracer
        self._duration = histogram(
            "http.client.request.duration",
            unit="s",
            description="From an attempt at an upstream to the head of its answer.",
            bounds=SECONDS,
        )
        self._series: dict[tuple[str, int | str], Series] = {}

    async def told(
        self, attempt: Awaitable[Connection], request: Outgoing, address: Address, number: int
    ) -> Connection:
        """What the attempt gives; `number` counts from 1. The head of the request names it as its parent."""
        here = recorded()
        span = None if here is None else self._span(here, request, address, number)
        began = time.perf_counter()
        try:
            connection = await attempt
        except UpstreamFault as fault:
            self._took(request.method, fault.kind, time.perf_counter() - began, here)
            _end(span, fault.kind)
            raise
        except BaseException:
            # Nobody waits for it any more, which says nothing of the upstream.
            _end(span, "client_gone")
            raise
        status = connection.answer.status
        self._took(request.method, status, time.perf_counter() - began, here)
        if span is not None:
            span.set_attribute("http.response.status_code", status)
            _end(span, str(status) if status >= _CLIENT_ERROR else None)
        return connection

    def _took(self, method: str, outcome: int | str, seconds: float, here: TraceContext | None) -> None:
        """`outcome` is a status, or the kind of a fault."""
        series = self._series.get((method, outcome))
        if series is None:
            series = self._bind(method, outcome)
        series.record(seconds, here)

    def _bind(self, method: str, outcome: int | str) -> Series:
        known = method if method in METHODS else "_OTHER"
        attributes: dict[str, str | int] = {"http.request.method": known, "upstream": self._upstream}
        if isinstance(outcome, int):
            attributes["http.response.status_code"] = outcome
        if isinstance(outcome, str) or outcome >= _CLIENT_ERROR:
            attributes["error.type"] = str(outcome)
        series = self._duration.series(attributes)
        if known == method:
            self._series[method, outcome] = series
        return series

    def _span(self, here: TraceContext, request: Outgoing, address: Address, number: int) -> Span | None:
        # No url.full: a client may have put anything into it, a token too. The upstream says where it went.
        method = request.method if request.method in METHODS else "_OTHER"
        span = self._tracer.start_span(method, here.as_parent(), kind=SpanKind.CLIENT)
        if not span.is_recording():
            return None
        span.set_attributes(
            {
                "http.request.method": method,
                "server.address": address.host,
                "server.port": address.port,
                "gateway.upstream": self._upstream,
            }
        )
        if number > 1:
            span.set_attribute("http.request.resend_count", number - 1)
        request.asked_by(here.trace_id, f"{span.get_span_context().span_id:016x}")
        return span


def _end(span: Span | None, error: str | None) -> None:
    if span is None:
        return
    if error is not None:
        span.set_attribute("error.type", error)
        span.set_status(Status(StatusCode.ERROR))
    span.end()

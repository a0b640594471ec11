"""Gives a request its ids, its client and its headers by name, before anything judges it."""

import re
import time

from opentelemetry.trace import Span

from chassis.observability import context as trace_context
from chassis.observability.context import Sampler, TraceContext
from gateway.asgi import Scope
from gateway.clients import Clients
from gateway.exchange import KEY, Exchange, Fields, Headers
from gateway.telemetry import RequestMetrics

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._~+/=-]{8,128}")
_TRACESTATE_BYTES = 512
# With one of these a request is like no other.
_OWN_IDS = frozenset((b"traceparent", b"x-request-id"))


class Arrival:
    """Where every request begins.

    Args:
        sampler: decides once which traces are recorded.
        clients: finds the client behind the proxies.
        metrics: begins the spans of those.
    """

    def __init__(self, sampler: Sampler, clients: Clients, metrics: RequestMetrics) -> None:
        self._sampler = sampler
        self._clients = clients
        self._metrics = metrics

    def __call__(self, scope: Scope) -> Exchange:
        headers: Headers = scope["headers"]
        fields = dict(headers)
        repeated: frozenset[bytes] | None = None
        if len(fields) != len(headers):
            fields, repeated = _joined(headers)
        given = fields.get(b"traceparent")
        # Two of them, joined, are none (W3C trace context 3.2).
        traceparent = None if given is None else given.decode("latin-1")
        trace = self._sampler.begin(traceparent)
        span: Span | None = None
        if trace.sampled:
            trace, span = self._recorded(scope, trace, traceparent)
        request_id = fields.get(b"x-request-id")
        scope[KEY] = found = Exchange(
            request_id=request_id.decode()
            if request_id is not None and _REQUEST_ID.fullmatch(request_id)
            else trace.trace_id[:16] + trace.span_id,
            trace_id=trace.trace_id,
            span_id=trace.span_id,
            sampled=trace.sampled,
            fields=fields,
            started=time.perf_counter(),
        )
        if span is not None:
            found.span = span
        if repeated is not None:
            found.repeated = repeated
        if traceparent is not None:
            tracestate = fields.get(b"tracestate")
            if tracestate is not None and len(tracestate) <= _TRACESTATE_BYTES:
                found.tracestate = tracestate.decode("latin-1")
        self._locate(scope, found)
        return found

    def rehearse(self, scope: Scope) -> Exchange | None:
        """What would be found about each request like this one; None where it brings ids of its own."""
        headers: Headers = scope["headers"]
        fields = dict(headers)
        if len(fields) != len(headers) or not _OWN_IDS.isdisjoint(fields):
            return None
        found = Exchange(request_id="", trace_id="", span_id="", sampled=False, fields=fields, started=0.0)
        self._locate(scope, found)
        found.kept = {}
        return found

    def again(self, scope: Scope, known: Exchange) -> Exchange:
        """As for any request, where that was rehearsed."""
        trace = self._sampler.begin()
        span: Span | None = None
        if trace.sampled:
            trace, span = self._recorded(scope, trace, None)
        found = Exchange(
            request_id=trace.trace_id[:16] + trace.span_id,
            trace_id=trace.trace_id,
            span_id=trace.span_id,
            sampled=trace.sampled,
            fields=known.fields,
            started=time.perf_counter(),
        )
        if span is not None:
            found.span = span
        found.resume(known)
        return found

    def _locate(self, scope: Scope, found: Exchange) -> None:
        peer = scope.get("client")
        scheme = "https" if scope["scheme"] in {"https", "wss"} else "http"
        found.client, found.scheme = self._clients.locate(peer[0] if peer else "", scheme, found.fields)

    def _recorded(
        self, scope: Scope, trace: TraceContext, traceparent: str | None
    ) -> tuple[TraceContext, Span | None]:
        span = self._metrics.begin(scope, trace_context.parse(traceparent))
        if span is None:
            return trace, None
        made = span.get_span_context()
        return TraceContext(f"{made.trace_id:032x}", f"{made.span_id:016x}", sampled=True), span


def _joined(headers: Headers) -> tuple[Fields, frozenset[bytes]]:
    fields: Fields = {}
    repeated = set()
    for name, value in headers:
        if name in fields:
            repeated.add(name)
            fields[name] += b", " + value
        else:
            fields[name] = value
    return fields, frozenset(repeated)

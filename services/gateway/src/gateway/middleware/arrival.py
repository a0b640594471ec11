"""Gives a request its ids and its client, and sees its one answer out, a fault as a problem at most."""

import logging
import re
import time
from collections.abc import Callable

from opentelemetry.trace import Span

from chassis.errors import ServiceError
from chassis.observability import context as trace_context
from chassis.observability.context import Sampler, TraceContext
from gateway.asgi import App, Message, Receive, Scope, Send, refuse
from gateway.clients import Clients
from gateway.exchange import KEY, Exchange
from gateway.problems import Problem, from_error
from gateway.telemetry import RequestMetrics

log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._~+/=-]{8,128}")
_TRACESTATE_BYTES = 512
_FAULT = Problem(
    status=500, reason="INTERNAL", detail="Something went wrong on our side; the ids here tell us what."
)


class Arrival:
    """The outermost layer.

    Args:
        app: what comes next.
        sampler: decides once which traces are recorded.
        clients: finds the client behind the proxies.
        metrics: counts and times what left.
        draining: whether connections should be let go of.
    """

    def __init__(
        self,
        app: App,
        sampler: Sampler,
        clients: Clients,
        metrics: RequestMetrics,
        draining: Callable[[], bool],
    ) -> None:
        self._app = app
        self._sampler = sampler
        self._clients = clients
        self._metrics = metrics
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found, span = self._begin(scope)

        async def answer(message: Message) -> None:
            kind = message["type"]
            if kind in {"http.response.start", "websocket.http.response.start"}:
                found.status = message["status"]
                message["headers"] = self._headers(scope, found, message.get("headers", ()))
            elif kind == "websocket.accept":
                found.status = 101
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except ServiceError as error:
            if found.status is not None:
                raise
            await refuse(scope, answer, from_error(error))
        except Exception:
            log.exception("request.failed", extra={"request_id": found.request_id})
            if found.status is not None:
                # The answer has begun: cutting it off is the only honest end.
                raise
            await refuse(scope, answer, _FAULT, close=True)
        finally:
            self._metrics.answered(scope, found)
            if span is not None:
                self._metrics.end(span, scope, found)

    def _begin(self, scope: Scope) -> tuple[Exchange, Span | None]:
        request_id: bytes | None = None
        traceparent: bytes | None = None
        tracestate: bytes | None = None
        headers = scope["headers"]
        for name, value in headers:
            if name == b"x-request-id":
                request_id = value
            elif name == b"traceparent":
                # A second one makes both worthless (W3C trace context 3.2).
                traceparent = value if traceparent is None else b""
            elif name == b"tracestate":
                tracestate = value
        trace, span = self._trace(scope, None if traceparent is None else traceparent.decode("latin-1"))
        trace_context.attach(trace)
        if tracestate is not None and (traceparent is None or len(tracestate) > _TRACESTATE_BYTES):
            tracestate = None
        peer = scope.get("client")
        scheme = "https" if scope["scheme"] in {"https", "wss"} else "http"
        client = self._clients.locate(peer[0] if peer else "", scheme, headers)
        scope[KEY] = found = Exchange(
            request_id=request_id.decode()
            if request_id is not None and _REQUEST_ID.fullmatch(request_id)
            else trace.trace_id[:16] + trace.span_id,
            trace_id=trace.trace_id,
            span_id=trace.span_id,
            sampled=trace.sampled,
            tracestate=None if tracestate is None else tracestate.decode("latin-1"),
            started=time.perf_counter(),
            client=client.address,
            scheme=client.scheme,
        )
        return found, span

    def _trace(self, scope: Scope, traceparent: str | None) -> tuple[TraceContext, Span | None]:
        """Where we are in which trace, and the span to end where it is recorded."""
        trace = self._sampler.begin(traceparent)
        if not trace.sampled:
            return trace, None
        span = self._metrics.begin(scope, trace_context.parse(traceparent))
        if span is None:
            return trace, None
        made = span.get_span_context()
        return TraceContext(f"{made.trace_id:032x}", f"{made.span_id:016x}", sampled=True), span

    def _headers(
        self, scope: Scope, found: Exchange, given: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        headers = [*given, *found.response_headers, (b"x-request-id", found.request_id.encode())]
        if scope["type"] == "http" and scope["http_version"] == "1.1" and self._draining():
            headers.append((b"connection", b"close"))
        return headers

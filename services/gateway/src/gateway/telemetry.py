"""What the gateway measures of itself: instruments bound once, few labels, no span where none is recorded."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from chassis.observability.context import TraceContext
from chassis.observability.histograms import Series, histogram
from chassis.observability.metrics import SECONDS
from chassis.security.revocations import Revocation
from gateway.asgi import Scope
from gateway.exchange import Exchange
from gateway.limits.notation import Key, Limit
from gateway.policy import OnStoreFailure

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SERVER_ERROR: Final = 500
_MOST_SERIES: Final = 4096

Ring = Literal["cluster", "local"]
"""Who counted: all replicas together, or this one alone."""


class RequestMetrics:
    """Durations and spans of requests, by the stable semantic conventions."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._duration = histogram(
            "http.server.request.duration",
            unit="s",
            description="Duration of HTTP server requests.",
            bounds=SECONDS,
        )
        self._series: dict[tuple[str, str, int, str], Series] = {}
        self._active: defaultdict[tuple[str, str], int] = defaultdict(int)
        metrics.get_meter("gateway").create_observable_up_down_counter(
            "http.server.active_requests",
            [self._observe_active],
            unit="{request}",
            description="Requests under way; what is answered at once never is.",
        )
        self._tracer = tracer or trace.get_tracer("gateway")

    def waits(self, scope: Scope, found: Exchange, by: Literal[1, -1]) -> None:
        """A request begins to wait for something, or has ended."""
        if scope["type"] == "websocket":
            return
        self._active[_method(scope), found.scheme] += by

    def _observe_active(self, options: CallbackOptions) -> Iterable[Observation]:
        del options
        for (method, scheme), count in tuple(self._active.items()):
            yield Observation(count, {"http.request.method": method, "url.scheme": scheme})

    def answered(self, scope: Scope, found: Exchange) -> None:
        if scope["type"] == "websocket":
            # As long as the conversation, which is not a latency.
            return
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        route = "unmatched" if found.policy is None else found.policy.name
        key = (method, route, found.status or 499, found.scheme)
        series = self._series.get(key)
        if series is None:
            series = self._bind(*key)
        series.record(time.perf_counter() - found.started, found if found.sampled else None)

    def _bind(self, method: str, route: str, status: int, scheme: str) -> Series:
        attributes: dict[str, str | int] = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "url.scheme": scheme,
        }
        if status >= _SERVER_ERROR:
            attributes["error.type"] = str(status)
        series = self._duration.series(attributes)
        if len(self._series) < _MOST_SERIES:
            self._series[method, route, status, scheme] = series
        return series

    def begin(self, scope: Scope, parent: TraceContext | None) -> Span | None:
        """The server's span of a trace that is recorded; None where nobody records."""
        span = self._tracer.start_span(
            _method(scope),
            parent.as_parent() if parent is not None else Context(),
            kind=SpanKind.SERVER,
        )
        return span if span.is_recording() else None

    def end(self, span: Span, scope: Scope, found: Exchange) -> None:
        route = "unmatched" if found.policy is None else found.policy.name
        span.update_name(f"{_method(scope)} {route}")
        # No url.path: a client may have put anything into it, a token too. The route says where it went.
        span.set_attributes(
            {
                "http.request.method": _method(scope),
                "http.route": route,
                "http.response.status_code": found.status or 499,
                "url.scheme": found.scheme,
            }
        )
        if found.status is not None and found.status >= _SERVER_ERROR:
            span.set_attribute("error.type", str(found.status))
            span.set_status(Status(StatusCode.ERROR))
        span.end()


def _method(scope: Scope) -> str:
    """What a client may have made up is told as such; the opening of a WebSocket is a GET."""
    method: str = scope.get("method", "GET")
    return method if method in METHODS else "_OTHER"


class LimitMetrics:
    def __init__(self) -> None:
        meter = metrics.get_meter("gateway")
        self._refused = meter.create_counter(
            "gateway.limits.refused",
            description="Requests past a limit; mode shadow ones passed all the same.",
        )
        self._failed = meter.create_counter(
            "gateway.limits.store_failures",
            description="Decisions made without the store, by what the route says.",
        )
        self._store = histogram(
            "gateway.limits.store.duration",
            unit="s",
            description="How long the store of limits took to answer.",
            bounds=SECONDS,
        ).series({})

    def refused(self, route: str, limit: Limit, ring: Ring) -> None:
        self._refuse(route, limit.key, "shadow" if limit.shadow else "enforced", ring)

    def refused_inside(self, route: str) -> None:
        """By the ring of the gateway's own routes, which counts addresses and nothing else."""
        self._refuse(route, Key.ADDRESS, "enforced", "local")

    def _refuse(self, route: str, key: Key, mode: str, ring: Ring) -> None:
        self._refused.add(1, {"http.route": route, "key": key.value, "mode": mode, "ring": ring})

    def store_took(self, seconds: float) -> None:
        """One decision's answer from the store came after this long."""
        self._store.record(seconds)

    def store_failed(self, route: str, how: OnStoreFailure) -> None:
        self._failed.add(1, {"http.route": route, "policy": how.value})


class TokenMetrics:
    """How stale the revocations are, and what became of tokens."""

    def __init__(self, staleness: Callable[[], float], known: Callable[[], int]) -> None:
        meter = metrics.get_meter("gateway")
        self._refused = meter.create_counter(
            "gateway.tokens.refused", description="Access tokens refused, by reason."
        )

        self._propagation = histogram(
            "gateway.revocations.propagation",
            unit="s",
            description="From a revocation to its being known here.",
            bounds=SECONDS,
        ).series({})
        began = time.monotonic()

        def observe_staleness(options: CallbackOptions) -> Iterable[Observation]:
            del options
            stale = staleness()
            # Before the first snapshot it is endless, which a gauge cannot say: as old as we are, then.
            yield Observation(stale if math.isfinite(stale) else time.monotonic() - began)

        def observe_known(options: CallbackOptions) -> Iterable[Observation]:
            del options
            yield Observation(known())

        meter.create_observable_gauge(
            "gateway.revocations.staleness",
            [observe_staleness],
            unit="s",
            description="How long ago the revocations were known to be whole.",
        )
        meter.create_observable_gauge(
            "gateway.revocations.known", [observe_known], description="Revocations in memory."
        )

    def refused(self, reason: str) -> None:
        self._refused.add(1, {"reason": reason})

    def learned(self, news: Sequence[Revocation]) -> None:
        """Revocations that were made since this gateway first knew them all."""
        now = time.time()
        for revocation in news:
            if revocation.created_at:
                # The database's clock may be ahead of ours.
                self._propagation.record(max(0.0, now - revocation.created_at))

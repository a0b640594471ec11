"""What is told of upstreams: counts of what went wrong, the state of each breaker, the routes in force."""

import logging
from typing import Final

from opentelemetry import metrics, trace
from opentelemetry.trace import Tracer

from chassis.observability.histograms import histogram
from chassis.observability.metrics import AGES
from gateway.proxy.asking import Attempts

log = logging.getLogger(__name__)

_STATES: Final = {"closed": 0, "half-open": 1, "open": 2}


class Observer:
    """Instruments made once; nothing here is on the way of a request that goes well."""

    def __init__(self, meter: metrics.Meter | None = None, tracer: Tracer | None = None) -> None:
        """`meter` and `tracer` are the process's own unless given."""
        self._tracer = tracer or trace.get_tracer("gateway.proxy")
        meter = meter or metrics.get_meter("gateway.proxy")
        self._failures = meter.create_counter(
            "gateway.upstream.failures", "{failure}", "Attempts that failed, by kind"
        )
        self._retries = meter.create_counter("gateway.upstream.retries", "{retry}", "Retries, by cause")
        self._ejections = meter.create_counter(
            "gateway.upstream.ejections", "{ejection}", "Endpoints left alone"
        )
        self._refusals = meter.create_counter(
            "gateway.upstream.refusals", "{request}", "Requests not sent, by reason"
        )
        self._fallbacks = meter.create_counter(
            "gateway.upstream.fallbacks", "{answer}", "Answers that stood in for the upstream's"
        )
        self._age = histogram(
            "gateway.upstream.fallback.age",
            unit="s",
            description="How old answers were that stood in for the upstream's",
            bounds=AGES,
        )
        self._breaker = meter.create_gauge(
            "gateway.breaker.state", "{state}", "0 closed, 1 half-open, 2 open"
        )
        self._reloads = meter.create_counter("gateway.routes.reloads", "{reload}", "Reloads, by outcome")
        self._current = meter.create_gauge(
            "gateway.routes.current", "{routes}", "1 if the routes in force are those of the file, else 0"
        )

    def attempts(self, upstream: str) -> Attempts:
        """Who tells of each attempt at an upstream."""
        return Attempts(upstream, self._tracer)

    def failed(self, upstream: str, kind: str) -> None:
        self._failures.add(1, {"upstream": upstream, "error.type": kind})

    def retried(self, upstream: str, why: str) -> None:
        self._retries.add(1, {"upstream": upstream, "cause": why})

    def ejected(self, upstream: str) -> None:
        self._ejections.add(1, {"upstream": upstream})
        log.warning("upstream.endpoint_ejected", extra={"upstream": upstream})

    def refused(self, upstream: str, reason: str) -> None:
        self._refusals.add(1, {"upstream": upstream, "reason": reason})

    def fell_back(self, route: str, source: str, age: float | None) -> None:
        """`age` in seconds, of what was kept; None where nothing was."""
        self._fallbacks.add(1, {"route": route, "source": source})
        if age is not None:
            self._age.series({"route": route}).record(age)

    def breaker(self, upstream: str, state: str) -> None:
        self._breaker.set(_STATES[state], {"upstream": upstream})
        log.warning("upstream.breaker", extra={"upstream": upstream, "state": state})

    def reloaded(self, *, accepted: bool) -> None:
        self._reloads.add(1, {"outcome": "accepted" if accepted else "rejected"})
        self._current.set(int(accepted))

"""What operators are told of upstreams and of the routes file."""

from pathlib import Path

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from chassis.observability.histograms import histogram
from chassis.observability.metrics import AGES
from chassis.testing import FrozenClock
from gateway.proxy.faults import UpstreamFault
from gateway.proxy.pool import Address
from gateway.proxy.request import Outgoing
from gateway.proxy.rules import Retries, UpstreamRules
from gateway.proxy.table import LiveRoutes
from gateway.proxy.telemetry import Observer
from gateway.proxy.upstream import BreakerOpen, Upstream
from gateway.proxy.watching import Watcher
from gateway.testing.origin import Origin, raw

Figures = dict[str, dict[str, float]]


class Told:
    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.observer = Observer(MeterProvider([self._reader], shutdown_on_exit=False).get_meter("test"))

    def figures(self) -> Figures:
        """By instrument, and by attributes joined in their order."""
        found: Figures = {}
        data = self._reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        label = " ".join(str(value) for value in (point.attributes or {}).values())
                        found.setdefault(metric.name, {})[label] = point.value  # type: ignore[union-attr]
        return found


async def test_failures_retries_and_the_breaker_are_counted(origin: Origin):
    told = Told()
    rules = UpstreamRules(breaker_failures=2)
    upstream = Upstream("o", rules, now=FrozenClock().monotonic, observer=told.observer)
    upstream.update((Address("127.0.0.1", origin.port, b"o"),))
    origin.reply = raw(b"", close=True)
    get = Outgoing("GET", b"GET / HTTP/1.1\r\nHost: ", b"\r\n\r\n")
    with pytest.raises(UpstreamFault):
        await upstream.open(get, Retries(attempts=2), timeout=5)
    with pytest.raises(BreakerOpen):
        await upstream.open(get, Retries(), timeout=5)
    upstream.close()

    figures = told.figures()
    assert figures["gateway.upstream.failures"] == {"o reset": 2}
    assert figures["gateway.upstream.retries"] == {"o reset": 1}
    assert figures["gateway.breaker.state"] == {"o": 2}


async def test_a_rejected_routes_file_shows(tmp_path: Path):
    told = Told()
    path = tmp_path / "routes.yaml"
    path.write_text("routes: [{name: a, prefix: /a}]")
    routes = LiveRoutes(now=FrozenClock().monotonic, observer=told.observer, can_sign=False)
    watcher = Watcher(routes, path, can_sign=False, reserved=(), observer=told.observer)
    await watcher.begin()
    assert told.figures()["gateway.routes.current"] == {"": 1}
    path.write_text("routes: [{name: a}]")
    await watcher.look()
    figures = told.figures()
    assert figures["gateway.routes.current"] == {"": 0}
    assert figures["gateway.routes.reloads"] == {"accepted": 1, "rejected": 1}
    assert routes.match("GET", "/a") is not None


async def test_how_old_a_stand_in_was_is_told_where_there_was_one():
    told = Told()
    age = histogram("gateway.upstream.fallback.age", unit="s", description="", bounds=AGES)
    told.observer.fell_back("news-of-this-test", "last_good", 42)
    told.observer.fell_back("news-of-this-test", "fallback", None)

    (series,) = (each for each in age.measured() if each.attributes["route"] == "news-of-this-test")
    assert (sum(series.buckets), series.total) == (1, 42)
    assert sum(told.figures()["gateway.upstream.fallbacks"].values()) == 2

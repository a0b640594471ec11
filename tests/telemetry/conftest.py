"""A suite that is scraped, collected from, with a model to ask; and a Prometheus where there is one."""

import asyncio
import os
import threading
import urllib.request
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_rpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as trace_rpc
from opentelemetry.proto.trace.v1 import trace_pb2 as trace

from suite import processes
from suite.api import Api, Pair
from suite.run import Suite
from suite.watch import collectors, prometheus
from triage.testing.fake_model import FakeModel, fake_model

T = TypeVar("T")
PROGRAMS = ("prometheus", "promtool")
REQUIRED = "PROMETHEUS_REQUIRED"
# An upstream that is not there, tried again and then left alone.
ROUTES = """
upstreams:
  down: {{targets: ["http://127.0.0.1:{port}"], breaker: {{failures: 4, open_seconds: 1}}}}
routes:
  - {{name: down, prefix: /down, upstream: down, auth: {{access: public}}, retries: {{attempts: 2}}}}
"""
MODEL_KEY = "sk-made-up-key-of-the-model-7d1f0c"


def _missing() -> list[str]:
    return [name for name in PROGRAMS if prometheus.program(name) is None]


def pytest_configure(config: pytest.Config) -> None:
    del config
    if os.environ.get(REQUIRED) and _missing():
        raise pytest.UsageError(prometheus.ABSENT)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    absent = set()
    if _missing():
        absent.add("prometheus")
    if collectors.program() is None:
        # Nobody packages one for Python or Debian: whoever has one, or Go to build it, runs these.
        absent.add("collector")
    dropped = [item for item in items if any(item.get_closest_marker(name) for name in absent)]
    items[:] = [item for item in items if item not in dropped]
    config.hook.pytest_deselected(items=dropped)


@pytest.fixture(scope="session")
def promtool() -> Path:
    found = prometheus.program("promtool")
    assert found is not None, prometheus.ABSENT
    return found


@pytest.fixture(scope="session")
def prometheus_server() -> Path:
    found = prometheus.program("prometheus")
    assert found is not None, prometheus.ABSENT
    return found


@pytest.fixture(scope="session")
def collector_program() -> Path:
    found = collectors.program()
    assert found is not None, collectors.ABSENT
    return found


@dataclass(frozen=True)
class Told:
    """One span as it was pushed."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str


@dataclass
class Collector:
    """Keeps every span and metric that was pushed, as text; and spans so that they can be followed."""

    address: str = ""
    spans: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    pushed: list[metrics_pb.ExportMetricsServiceRequest] = field(default_factory=list)

    def Export(self, request: Any, _: Any) -> Any:
        if isinstance(request, trace_pb.ExportTraceServiceRequest):
            self.spans.append(str(request))
            self.told += _told(request)
            return trace_pb.ExportTraceServiceResponse()
        self.metrics.append(str(request))
        self.pushed.append(request)
        return metrics_pb.ExportMetricsServiceResponse()


def _told(request: trace_pb.ExportTraceServiceRequest) -> Iterator[Told]:
    for resource in request.resource_spans:
        named = {each.key: each.value.string_value for each in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Told(
                    named["service.name"],
                    span.name,
                    trace.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                )


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    made = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    trace_rpc.add_TraceServiceServicer_to_server(made, server)
    metrics_rpc.add_MetricsServiceServicer_to_server(made, server)
    made.address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield made
    server.stop(None).wait()


class Loop:
    """An event loop of its own thread, for what has to go on between the tests."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(90)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@dataclass
class Watched:
    suite: Suite
    run: Loop
    api: Api
    model: FakeModel
    collector: Collector
    # pod -> host:port of its metrics
    targets: dict[str, str]
    # Where the gateway looks for Prometheus.
    prometheus_port: int
    model_key: str = MODEL_KEY

    def scrape(self) -> str:
        texts = []
        for address in self.targets.values():
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
                texts.append(answer.read().decode())
        return "\n".join(texts)

    def use(self) -> Pair:
        """Everything a user does once, as it should go."""
        return self.run(self._use())

    async def _use(self) -> Pair:
        api = self.api
        pair = Pair.of(await api.refresh((await api.sign_in(self.suite.admin)).refresh))
        for path in ("/protected", "/external-api", "/audit-events", "/debug/summarize-errors"):
            answer = await api.get(path, pair.access)
            assert answer.status == 200, (path, answer.body)
        leaving = await api.sign_in(self.suite.admin)
        await api.logout(leaving.access)
        return pair


@pytest.fixture(scope="session")
def watched(server_folder: Path, collector: Collector) -> Iterator[Watched]:
    prometheus_port = processes.free_port()
    ports = {name: f"127.0.0.1:{processes.free_port()}" for name in ("auth", "triage")}
    machine = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    many = {f"RATE_LIMIT_{name}": "10000/minute" for name in ("LOGIN", "REFRESH", "TRIAGE", "DEFAULT")}
    routes = server_folder / "routes-of-the-watched.yaml"
    routes.write_text(ROUTES.format(port=processes.free_port()), encoding="utf-8")
    with ExitStack() as stack:
        run = Loop()
        stack.callback(run.close)
        open_for = AsyncExitStack()
        stack.callback(lambda: run(open_for.aclose()))
        model = run(open_for.enter_async_context(fake_model()))
        suite = Suite(
            server_folder / "watched",
            env=machine
            | {
                "ENVIRONMENT": "test",
                "BCRYPT_ROUNDS": "4",
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
                **many,
            },
            service_env={
                "gateway": {
                    "PROMETHEUS_BASE_URL": f"http://127.0.0.1:{prometheus_port}",
                    "ROUTES_FILE": str(routes),
                },
                # Without the throttle: wrong passwords here come from the address of the right one.
                "auth": {"METRICS_BIND": ports["auth"], "RATE_LIMIT_ENABLED": "false"},
                "triage": {
                    "METRICS_BIND": ports["triage"],
                    "OPENAI_BASE_URL": model.url,
                    "OPENAI_API_KEY": MODEL_KEY,
                    "OPENAI_INPUT_PRICE": "1",
                    "OPENAI_OUTPUT_PRICE": "1",
                    "TRIAGE_CACHE_FRESH_SECONDS": "0",
                },
            },
        )
        stack.enter_context(suite)

        async def connect() -> aiohttp.ClientSession:
            return await open_for.enter_async_context(
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
            )

        api = Api(suite.base_url, run(connect()))
        targets = {"gateway": suite.internal_url.removeprefix("http://"), **ports}
        yield Watched(suite, run, api, model, collector, targets, prometheus_port)

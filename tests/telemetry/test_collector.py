"""docs/collector.yaml in a real OpenTelemetry Collector, between what the suite pushed and three backends."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import yaml
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_rpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as trace_rpc
from opentelemetry.proto.trace.v1 import trace_pb2 as trace

from suite import processes
from suite.places import ROOT
from suite.watch import backends
from suite.watch.backends import Backends

if TYPE_CHECKING:
    from conftest import Watched

pytestmark = [pytest.mark.collector, pytest.mark.slow, pytest.mark.timeout(120)]

CONFIG = ROOT / "docs/collector.yaml"
SLOW_NS, FAST_NS = 1_500_000_000, 20_000_000
POD_LOG = "shop_gateway-0_6e8a6f0e-0c5b-4f5e-8f0a-1f2f3f4f5f6f/gateway/0.log"


@dataclass
class Real:
    port: int
    behind: Backends
    logs: Path


def until(true: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "It did not come to pass in time."
        time.sleep(0.1)


def here(document: dict[str, Any], behind: Backends, folder: Path, port: int) -> dict[str, Any]:
    """The configuration with this machine's addresses, and nothing else changed but the wait."""
    document["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"] = f"127.0.0.1:{port}"
    files = document["receivers"]["file_log"]
    files["include"] = [path.replace("/var/log/pods", str(folder / "pods")) for path in files["include"]]
    files["exclude"] = [path.replace("/var/log/pods", str(folder / "pods")) for path in files["exclude"]]
    files |= {"start_at": "beginning", "poll_interval": "100ms"}
    document["extensions"]["health_check"]["endpoint"] = f"127.0.0.1:{processes.free_port()}"
    for exporter in document["exporters"].values():
        exporter["endpoint"] = f"http://127.0.0.1:{behind.port}"
    cluster = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{behind.port}"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {}}],
        "current-context": "c",
    }
    (folder / "kubeconfig").write_text(yaml.safe_dump(cluster), "utf-8")
    document["processors"]["k8s_attributes"]["auth_type"] = "kubeConfig"
    document["processors"]["tail_sampling"]["decision_wait"] = "1s"
    document["service"]["telemetry"] = {"metrics": {"level": "none"}}
    return document


@pytest.fixture(scope="module")
def real(collector_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    folder, port = tmp_path_factory.mktemp("collector"), processes.free_port()
    log = folder / "collector.log"
    with backends.serving() as behind:
        config = folder / "config.yaml"
        told = here(yaml.safe_load(CONFIG.read_text("utf-8")), behind, folder, port)
        config.write_text(yaml.safe_dump(told), "utf-8")
        with log.open("wb") as written:
            process = subprocess.Popen(
                [collector_program, f"--config={config}"],
                env={"PATH": os.environ["PATH"], "KUBECONFIG": str(folder / "kubeconfig"), "GOMAXPROCS": "1"},
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        try:
            until(lambda: process.poll() is not None or processes.accepts(port), 30)
            assert process.poll() is None, log.read_text("utf-8")
            yield Real(port, behind, folder / "pods" / POD_LOG)
        finally:
            process.terminate()
            process.wait(20)


def span(trace_id: bytes, *, took: int, error: bool = False) -> trace.Span:
    now = time.time_ns()
    return trace.Span(
        trace_id=trace_id,
        span_id=secrets.token_bytes(8),
        name="GET shop",
        kind=trace.Span.SPAN_KIND_SERVER,
        start_time_unix_nano=now - took,
        end_time_unix_nano=now,
        status=trace.Status(code=trace.Status.STATUS_CODE_ERROR if error else trace.Status.STATUS_CODE_UNSET),
    )


def exported(behind: Backends) -> Iterator[tuple[dict[str, str], trace.Span]]:
    for request in list(behind.traces):
        for resource in request.resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                yield from ((named, each) for each in scope.spans)


def test_the_collector_accepts_the_configuration_as_it_is(collector_program: Path) -> None:
    done = subprocess.run(
        [collector_program, "validate", f"--config={CONFIG}"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_every_trace_with_an_error_and_every_slow_one_is_kept_and_a_tenth_of_the_rest(real: Real) -> None:
    made = {
        kind: [secrets.token_bytes(16) for _ in range(count)]
        for kind, count in (("error", 40), ("slow", 40), ("rest", 400))
    }
    spans = [
        *(span(each, took=FAST_NS, error=True) for each in made["error"]),
        *(span(each, took=SLOW_NS) for each in made["slow"]),
        *(span(each, took=FAST_NS) for each in made["rest"]),
    ]
    request = trace_pb.ExportTraceServiceRequest(
        resource_spans=[trace.ResourceSpans(scope_spans=[trace.ScopeSpans(spans=spans)])]
    )
    with grpc.insecure_channel(f"127.0.0.1:{real.port}") as channel:
        trace_rpc.TraceServiceStub(channel).Export(request, timeout=10)

    def kept() -> Counter[str]:
        found = {each.trace_id for _, each in exported(real.behind)}
        return Counter(kind for kind, ids in made.items() for each in ids if each in found)

    until(lambda: kept()["error"] == kept()["slow"] == 40 and kept()["rest"] > 0, 30)
    # Of 400 by a fair coin of one in ten: outside of this less than once in a million times.
    assert 10 < kept()["rest"] < 80


def test_what_the_suite_pushes_arrives_with_the_names_that_the_dashboards_ask_for(
    real: Real, watched: Watched
) -> None:
    watched.use()
    until(lambda: {told.service for told in watched.collector.told} >= set(watched.targets), 30)
    until(lambda: len(watched.collector.pushed) >= len(watched.targets), 40)
    with grpc.insecure_channel(f"127.0.0.1:{real.port}") as channel:
        for request in watched.collector.pushed:
            metrics_rpc.MetricsServiceStub(channel).Export(request, timeout=10)

    def arrived() -> dict[str, set[tuple[str, str]]]:
        found: dict[str, set[tuple[str, str]]] = {}
        for request in list(real.behind.metrics):
            for resource in request.resource_metrics:
                for metric in (each for scope in resource.scope_metrics for each in scope.metrics):
                    data = getattr(metric, metric.WhichOneof("data"))
                    for point in data.data_points:
                        named = {each.key: each.value.string_value for each in point.attributes}
                        found.setdefault(metric.name, set()).add(
                            (named.get("namespace", ""), named.get("pod", ""))
                        )
        return found

    names = {"http.server.request.duration", "auth.sign_ins", "triage.answers", "service.needs"}
    until(lambda: names <= arrived().keys(), 30)
    assert {where for places in arrived().values() for where in places} == {("shop", "gateway-0")}
    assert real.behind.asked >= {"/api/v1/pods", "/apis/apps/v1/replicasets"}


def test_log_lines_of_pods_arrive_with_their_level_their_time_and_their_trace(
    real: Real, watched: Watched
) -> None:
    watched.use()
    written = (watched.suite.logs / "auth.log").read_text("utf-8").splitlines()
    lines = [line for line in written if line.startswith("{") and "trace_id" in json.loads(line)]
    assert lines
    real.logs.parent.mkdir(parents=True)
    # As a node's container runtime writes them.
    real.logs.write_text(
        "".join(f"2026-11-23T18:00:00.123456789Z stdout F {line}\n" for line in lines), "utf-8"
    )

    def records() -> list[Any]:
        return [
            (resource.resource, record)
            for request in list(real.behind.logs)
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    until(lambda: len(records()) >= len(lines), 30)
    told = {record.body.string_value: (resource, record) for resource, record in records()}
    for line in lines:
        resource, record = told[line]
        said = json.loads(line)
        assert record.trace_id.hex() == said["trace_id"]
        assert record.span_id.hex() == said["span_id"]
        assert record.severity_text == said["level"]
        assert record.severity_number > 0
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.time_unix_nano // 10**9))
        assert moment == said["timestamp"][:19]
        named = {each.key: each.value.string_value for each in resource.attributes}
        assert (named["k8s.namespace.name"], named["k8s.pod.name"]) == ("shop", "gateway-0")

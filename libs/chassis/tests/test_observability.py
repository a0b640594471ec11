import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_rpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as trace_rpc

from chassis.testing.pki import Authority

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

# A process of its own: OpenTelemetry's providers are set once in a process's life.
SERVICE = """
import asyncio, logging, time
from contextlib import AsyncExitStack
from opentelemetry import metrics
from chassis.observability.context import attached
from chassis.observability.setup import observe
from chassis.observability.tracing import span
from chassis.settings import ServiceSettings

async def main():
    settings = ServiceSettings.load()
    async with AsyncExitStack() as stack:
        sampler = observe(stack, settings, "shop")
        log = logging.getLogger("shop")
        {body}
    print("closed after", round(time.monotonic() - closing, 3))

asyncio.run(main())
"""


@dataclass
class Collector:
    address: str = ""
    spans: list[Any] = field(default_factory=list)
    metrics: list[Any] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def Export(self, request: Any, _: Any) -> Any:  # the method's name on the wire
        if isinstance(request, trace_pb.ExportTraceServiceRequest):
            self.spans += [s for r in request.resource_spans for scope in r.scope_spans for s in scope.spans]
            return trace_pb.ExportTraceServiceResponse()
        self.metrics += [
            m for r in request.resource_metrics for scope in r.scope_metrics for m in scope.metrics
        ]
        return metrics_pb.ExportMetricsServiceResponse()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    trace_rpc.add_TraceServiceServicer_to_server(made, server)
    metrics_rpc.add_MetricsServiceServicer_to_server(made, server)
    made.address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield made
    server.stop(None).wait()


def run(body: str, **settings: str) -> tuple[list[dict[str, Any]], str]:
    """The JSON lines a service logged, and whatever else it said."""
    indented = dedent(body).strip().replace("\n", "\n        ")
    ended = subprocess.run(
        [sys.executable, "-c", SERVICE.format(body=indented)],
        env={**os.environ, "ENVIRONMENT": "test", **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")], ended.stdout + ended.stderr


SPANS = """
with attached(sampler.begin("{traceparent}")):
    with span("outer", rpc_method="a/B"):
        with span("inner"):
            log.info("inside")
metrics.get_meter("shop").create_counter("shop.sales").add(3)
closing = time.monotonic()
"""


def test_a_sampled_trace_arrives_whole_and_in_order(collector: Collector) -> None:
    logged, _ = run(SPANS.format(traceparent=TRACEPARENT), OTEL_EXPORTER_OTLP_ENDPOINT=collector.address)
    by_name = {s.name: s for s in collector.spans}
    assert {s.trace_id.hex() for s in collector.spans} == {TRACEPARENT[3:35]}
    assert by_name["inner"].parent_span_id == by_name["outer"].span_id
    assert {a.key: a.value.string_value for a in by_name["outer"].attributes} == {"rpc.method": "a/B"}
    inside = next(line for line in logged if line["event"] == "inside")
    assert (inside["trace_id"], inside["span_id"]) == (TRACEPARENT[3:35], by_name["inner"].span_id.hex())


def test_a_trace_that_is_not_sampled_makes_no_span_and_is_named_in_the_log(collector: Collector) -> None:
    logged, _ = run(
        SPANS.format(traceparent=TRACEPARENT[:-1] + "0"), OTEL_EXPORTER_OTLP_ENDPOINT=collector.address
    )
    assert collector.spans == []
    assert next(line for line in logged if line["event"] == "inside")["trace_id"] == TRACEPARENT[3:35]


def test_what_was_measured_last_is_sent_before_the_end(collector: Collector) -> None:
    run(SPANS.format(traceparent=TRACEPARENT), OTEL_EXPORTER_OTLP_ENDPOINT=collector.address)
    sold = next(m for m in collector.metrics if m.name == "shop.sales")
    assert sold.sum.data_points[0].as_int == 3


def test_a_collector_that_is_gone_holds_up_neither_work_nor_the_end() -> None:
    began = time.monotonic()
    _, said = run(SPANS.format(traceparent=TRACEPARENT), OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    assert "closed after" in said
    assert time.monotonic() - began < 15


def test_prometheus_reads_what_was_measured_and_what_readiness_needs(tmp_path: Path) -> None:
    files = Authority().issue(tmp_path, "shop")
    _, said = run(
        f"""
        import urllib.request
        from pathlib import Path
        from chassis.lifecycle import Readiness
        from chassis.observability import metrics as measuring
        from chassis.observability.scrape import serve_metrics
        from chassis.observability.state import watch_certificate, watch_readiness
        from chassis.observability.tracing import resource
        measuring.setup(stack, endpoint=None, resource=resource("shop", "test"), prometheus=True)
        readiness = Readiness()
        readiness.need("stock", met=False)
        watch_readiness(readiness)
        certificate = Path({str(files.cert)!r})
        watch_certificate(certificate)
        watch_certificate(None)
        metrics.get_meter("shop").create_counter("shop.sales").add(3)
        port = serve_metrics(stack, "127.0.0.1:0")
        def read():
            return urllib.request.urlopen(f"http://127.0.0.1:{{port}}/metrics").read().decode()
        print(await asyncio.to_thread(read))
        certificate.write_text("half")
        print("HALF", "tls_certificate" in await asyncio.to_thread(read))
        closing = time.monotonic()
        """
    )
    told = {line.partition("{")[0]: line for line in said.splitlines() if "{" in line and line[0] != "#"}

    assert told["shop_sales_total"].endswith(" 3.0")
    assert 'need="stock"' in told["service_needs"]
    assert told["service_needs"].endswith(" 0.0")
    assert float(told["tls_certificate_expiry_seconds"].rpartition(" ")[2]) > time.time()
    assert "HALF False" in said
    # A certificate that is being replaced is no news.
    assert '"ERROR"' not in said


def test_a_log_line_is_one_json_object_with_its_event_and_fields() -> None:
    logged, _ = run("""
        log.info("sale\\nmade", extra={"amount": 3, "who": "a\\nb"})
        closing = time.monotonic()
    """)
    line = logged[0]
    assert (line["event"], line["amount"], line["who"]) == ("sale\nmade", 3, "a\nb")
    assert {"timestamp", "level", "logger", "service"} <= line.keys()


def test_a_field_named_like_a_secret_is_never_written() -> None:
    _, said = run("""
        for name in ("password", "token", "authorization", "refresh_token", "secret_key"):
            log.warning("oops", extra={name: "hunter2-" + name})
        closing = time.monotonic()
    """)
    assert "hunter2" not in said
    assert said.count("[hidden]") == 5


def test_levels_below_the_setting_are_not_written() -> None:
    logged, _ = run(
        """
        log.info("small talk")
        log.warning("news")
        closing = time.monotonic()
        """,
        LOG_LEVEL="warning",
    )
    assert [line["event"] for line in logged] == ["news"]

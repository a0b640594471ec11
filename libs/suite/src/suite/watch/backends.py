"""What stands behind a real collector in a test: Prometheus, Tempo and Loki by OTLP, and a Kubernetes API."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PODS: Final = "/api/v1/pods"
POD: Final = {
    "metadata": {"name": "gateway-0", "namespace": "shop", "uid": "6e8a6f0e-0c5b-4f5e-8f0a-1f2f3f4f5f6f"},
    "spec": {"nodeName": "node-1"},
    "status": {"podIP": "127.0.0.1", "phase": "Running"},
}


@dataclass
class Backends:
    """Everything that was exported, by kind; and what a pod looks like to the API of the cluster."""

    port: int = 0
    metrics: list[ExportMetricsServiceRequest] = field(default_factory=list)
    traces: list[ExportTraceServiceRequest] = field(default_factory=list)
    logs: list[ExportLogsServiceRequest] = field(default_factory=list)
    # Paths of the cluster's API that were asked for.
    asked: set[str] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def take(self, path: str, body: bytes) -> None:
        if path.endswith("/metrics"):
            self.metrics.append(ExportMetricsServiceRequest.FromString(body))
        elif path.endswith("/traces"):
            self.traces.append(ExportTraceServiceRequest.FromString(body))
        else:
            self.logs.append(ExportLogsServiceRequest.FromString(body))

    def cluster(self, path: str) -> dict[str, Any]:
        self.asked.add(path)
        kind, version, items = ("PodList", "v1", [POD]) if path == PODS else ("ReplicaSetList", "apps/v1", [])
        return {"kind": kind, "apiVersion": version, "metadata": {"resourceVersion": "1"}, "items": items}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    known: Backends

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.known.take(
            self.path, gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        )
        self._say(b"", "application/x-protobuf")

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if "sendInitialEvents" in query:
            # As a cluster answers that only lists.
            self.send_error(400)
        elif "watch=" in query:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.flush()
            self.known.over.wait()
        else:
            self._say(json.dumps(self.known.cluster(path)).encode(), "application/json")

    def _say(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def serving() -> Iterator[Backends]:
    made = Backends()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"known": made}))
    server.daemon_threads = True
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.over.set()
        server.shutdown()
        thread.join(5)
        server.server_close()

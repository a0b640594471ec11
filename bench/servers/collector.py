"""An OTLP collector that takes everything and keeps nothing: `python -m bench.servers.collector PORT`."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_rpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as trace_rpc


class _Traces(trace_rpc.TraceServiceServicer):
    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802  # the contract's name
        del request, context
        return trace_pb.ExportTraceServiceResponse()


class _Metrics(metrics_rpc.MetricsServiceServicer):
    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802  # the contract's name
        del request, context
        return metrics_pb.ExportMetricsServiceResponse()


def main() -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    trace_rpc.add_TraceServiceServicer_to_server(_Traces(), server)  # type: ignore[no-untyped-call]  # generated
    metrics_rpc.add_MetricsServiceServicer_to_server(_Metrics(), server)  # type: ignore[no-untyped-call]  # generated
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()

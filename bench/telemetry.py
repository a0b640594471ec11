"""What telling the collector costs a decision: off, at 1 % of traces, and with a collector that is gone.

Exit status 1 where that is more than 15 % of CPU, a millisecond, or any request.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import edge
import grpc
import load
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_rpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as trace_rpc

from suite import processes
from suite.children import Child
from suite.run import Suite
from suite.wiring import answers

MOST_CPU = 1.15
MOST_MILLISECONDS = 1.0


class _Traces(trace_rpc.TraceServiceServicer):
    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802  # the contract's name
        del request, context
        return trace_pb.ExportTraceServiceResponse()


class _Metrics(metrics_rpc.MetricsServiceServicer):
    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802  # the contract's name
        del request, context
        return metrics_pb.ExportMetricsServiceResponse()


@contextmanager
def collecting() -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(1))
    trace_rpc.add_TraceServiceServicer_to_server(_Traces(), server)
    metrics_rpc.add_MetricsServiceServicer_to_server(_Metrics(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop(None).wait()


def gateway(suite: Suite, name: str, told: dict[str, str]) -> tuple[Child, int]:
    """One more gateway of this suite."""
    public, internal = processes.free_port(), processes.free_port()
    env = {
        **suite.children["gateway"].env,
        "GATEWAY_PORT": str(public),
        "GATEWAY_INTERNAL_PORT": str(internal),
        **told,
    }
    up = partial(answers, f"http://127.0.0.1:{internal}/readyz")
    child = Child(name=name, arguments=["-m", "gateway"], env=env, log=suite.logs / f"{name}.log", up=up)
    child.start()
    child.wait(60)
    return child, public


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {"PATH": os.environ["PATH"], "BCRYPT_ROUNDS": "6", "TRUSTED_PROXIES": "127.0.0.1/32"}
        generous = {"RATE_LIMIT_DEFAULT": "900000/second"}
        suite = stack.enter_context(Suite(folder, env=environment, service_env={"gateway": generous}))
        bearer = {"Authorization": f"Bearer {edge.sign_in(suite)}"}
        share = {"OTEL_TRACES_SAMPLER_ARG": "0.01"}
        kinds = {
            "off": {},
            "1 % of traces": share | {"OTEL_EXPORTER_OTLP_ENDPOINT": stack.enter_context(collecting())},
            "collector gone": share | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
        }
        workloads = []
        for number, (name, told) in enumerate(kinds.items()):
            child, port = gateway(suite, f"told-{number}", told)
            stack.callback(child.stop, 2.0)
            request = load.get(f"localhost:{port}", "/authz", bearer)
            workloads.append(edge.Workload(name, port, request, [child.pid]))
        for _ in range(options.rounds):
            for one in workloads:
                one.rounds.append(
                    load.run(one.port, one.request, servers=one.servers, seconds=options.seconds)
                )
    off = workloads[0]
    kept = True
    print(f"{'/authz':16}{'CPU us':>8}{'x off':>8}{'p50 ms':>8}{'p50 - off':>10}{'failed':>8}")
    for one in workloads:
        middle = statistics.median(r.percentile(0.5) for r in one.rounds)
        middle_off = statistics.median(r.percentile(0.5) for r in off.rounds)
        failed = sum(r.failures for r in one.rounds)
        ratio = one.cpu_us / off.cpu_us
        print(f"{one.name:16}{one.cpu_us:8.0f}{ratio:8.2f}{middle:8.2f}{middle - middle_off:10.2f}{failed:8}")
        kept = kept and ratio <= MOST_CPU and middle - middle_off < MOST_MILLISECONDS and not failed
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()

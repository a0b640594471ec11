"""What telling the collector costs a decision: off, at 1 % of traces, and with a collector that is gone.

Exit status 1 where that is more than 15 % of CPU, a millisecond, or any request.
"""

import argparse
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import load
from bench.installation import another_gateway, collecting, sign_in
from bench.workload import Workload, same
from suite.run import Suite

MOST_CPU = 1.15
MOST_MILLISECONDS = 1.0


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
        bearer = {"Authorization": f"Bearer {sign_in(suite)['access_token']}"}
        share = {"OTEL_TRACES_SAMPLER_ARG": "0.01"}
        kinds = {
            "off": {},
            "1 % of traces": share
            | {"OTEL_EXPORTER_OTLP_ENDPOINT": stack.enter_context(collecting(folder / "collector"))},
            "collector gone": share | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
        }
        workloads = []
        for number, (name, told) in enumerate(kinds.items()):
            there = stack.enter_context(another_gateway(suite, f"told-{number}", told))
            asked = same(load.get(there.host, "/authz", bearer))
            workloads.append(Workload("telemetry", name, there.port, asked, {"gateway": there.pid}))
        for _ in range(options.rounds):
            for one in workloads:
                one.measure(options.seconds)
        rows = [one.row(workloads[0]) for one in workloads]
    off = rows[0]
    kept = True
    print(f"{'/authz':16}{'CPU us':>8}{'x off':>8}{'p50 ms':>8}{'p50 - off':>10}{'failed':>8}")
    for row in rows:
        ratio, later = row.cpu_us / off.cpu_us, (row.p50_ms or 0) - (off.p50_ms or 0)
        figures = f"{row.cpu_us:8.0f}{ratio:8.2f}{row.p50_ms or 0:8.2f}{later:10.2f}{row.failed:8}"
        print(f"{row.name:16}{figures}")
        kept = kept and ratio <= MOST_CPU and later < MOST_MILLISECONDS and not row.failed
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()

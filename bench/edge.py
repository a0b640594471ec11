"""What the gateway's hot paths cost beside a bare FastAPI route, in the same run."""

import argparse
import json
import os
import statistics
import tempfile
import urllib.parse
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import load
import yardsticks

from suite.run import Suite

ROUTES = """
upstreams:
  kib:
    targets: ["http://127.0.0.1:{port}"]
routes:
  - name: kib
    prefix: /kib
    upstream: kib
    limits: ["900000/second by user"]
"""


@dataclass(slots=True)
class Workload:
    name: str
    port: int
    request: bytes
    servers: list[int]
    rounds: list[load.Load] = field(default_factory=list)

    @property
    def cpu_us(self) -> float:
        return statistics.median(one.cpu_us for one in self.rounds)


def sign_in(suite: Suite) -> str:
    form = urllib.parse.urlencode(
        {"username": suite.admin.username, "password": suite.admin.password}
    ).encode()
    with urllib.request.urlopen(f"{suite.base_url}/login", form) as answer:  # noqa: S310  # loopback
        return str(json.load(answer)["access_token"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {"PATH": os.environ["PATH"], "BCRYPT_ROUNDS": "6", "TRUSTED_PROXIES": "127.0.0.1/32"}
        kib_port, _ = stack.enter_context(yardsticks.serving("kib_app"))
        routes = folder / "routes.yaml"
        routes.write_text(ROUTES.format(port=kib_port))
        generous = {"ROUTES_FILE": str(routes), "RATE_LIMIT_DEFAULT": "900000/second"}
        suite = stack.enter_context(Suite(folder, env=environment, service_env={"gateway": generous}))
        bearer = {"Authorization": f"Bearer {sign_in(suite)}"}
        host = suite.base_url.removeprefix("http://")
        port = int(host.rsplit(":", 1)[1])
        gateway = suite.children["gateway"].pid
        bare_port, bare = stack.enter_context(yardsticks.serving("fastapi_app"))
        asgi_port, asgi = stack.enter_context(yardsticks.serving("asgi_app"))
        asked = {"X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/kib", "X-Forwarded-Host": host}
        workloads = [
            Workload("bare FastAPI route", bare_port, load.get("localhost", "/"), [bare]),
            Workload("bare ASGI app", asgi_port, load.get("localhost", "/"), [asgi]),
            Workload("decision /authz", port, load.get(host, "/authz", bearer | asked), [gateway]),
            Workload("own route /protected", port, load.get(host, "/protected", bearer), [gateway]),
            Workload("proxied GET, 1 KiB", port, load.get(host, "/kib", bearer), [gateway]),
        ]
        for _ in range(options.rounds):
            for one in workloads:
                one.rounds.append(
                    load.run(one.port, one.request, servers=one.servers, seconds=options.seconds)
                )
        yardstick = workloads[0].cpu_us
        print(f"{'':24}{'CPU us':>8}{'x bare':>8}{'p50 ms':>8}{'p99 ms':>8}{'req/s':>9}{'failed':>8}")
        for one in workloads:
            merged = one.rounds[len(one.rounds) // 2]
            rate = statistics.median(r.requests / r.seconds for r in one.rounds)
            failed = sum(r.failures for r in one.rounds)
            times = f"{merged.percentile(0.5):8.2f}{merged.percentile(0.99):8.2f}"
            print(f"{one.name:24}{one.cpu_us:8.0f}{yardstick / one.cpu_us:8.2f}{times}{rate:9.0f}{failed:8}")


if __name__ == "__main__":
    main()

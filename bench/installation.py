"""The suite as in production, with limits nobody meets but at /health, and gateways on either server."""

import json
import os
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.servers import proxies
from bench.servers.serving import Server, running
from suite import processes
from suite.children import Child
from suite.places import ROOT
from suite.run import Suite
from suite.wiring import answers

ROUTES = """
upstreams:
  kib:
    targets: ["http://127.0.0.1:{port}"]
routes:
  - name: kib
    prefix: /kib
    upstream: kib
    limits: ["50000000/minute by user"]
"""
ORIGIN = "https://app.example.com"
NEVER = "50000000/minute"


@dataclass(frozen=True, slots=True)
class Gateway:
    port: int
    pid: int

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"


@dataclass(frozen=True, slots=True)
class Installation:
    """What runs; `uvicorn` and `granian` are two gateways of the one suite."""

    suite: Suite
    uvicorn: Gateway
    granian: Gateway
    origin: Server
    collector: str

    @property
    def auth(self) -> int:
        return self.suite.children["auth"].pid

    @property
    def redis(self) -> dict[str, int]:
        return {"Redis": self.suite.valkey.pid}

    @property
    def postgres(self) -> dict[str, int]:
        return {"PostgreSQL": self.suite.postgres.pid}

    def sign_in(self) -> dict[str, Any]:
        """A token pair of the admin's."""
        return sign_in(self.suite)

    def jwks(self) -> str:
        with urllib.request.urlopen(f"{self.uvicorn.url}/.well-known/jwks.json") as answer:  # noqa: S310  # loopback
            return str(answer.read().decode())


def credentials(suite: Suite) -> bytes:
    form = {"username": suite.admin.username, "password": suite.admin.password}
    return urllib.parse.urlencode(form).encode()


def sign_in(suite: Suite) -> dict[str, Any]:
    with urllib.request.urlopen(f"{suite.base_url}/login", credentials(suite)) as answer:  # noqa: S310  # loopback
        pair: dict[str, Any] = json.load(answer)
        return pair


@contextmanager
def collecting(folder: Path) -> Iterator[str]:
    """The address of a collector."""
    port = processes.free_port()
    command = [sys.executable, "-m", "bench.servers.collector", str(port)]
    with running(command, port, folder, {**os.environ, "PYTHONPATH": str(ROOT)}):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def another_gateway(suite: Suite, name: str, told: Mapping[str, str]) -> Iterator[Gateway]:
    """One more gateway of this suite, told something else."""
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
    try:
        child.wait(60)
        yield Gateway(public, child.pid)
    finally:
        child.stop(2.0)


@contextmanager
def installed(
    folder: Path, *, bcrypt_rounds: int = 12, more: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> Iterator[Installation]:
    """Telemetry on, 1 % of traces sampled, the origin of 1 KiB behind `/kib`; `more` settings by service."""
    with ExitStack() as stack:
        collector = stack.enter_context(collecting(folder / "collector"))
        origin = stack.enter_context(proxies.origin(folder / "origin"))
        routes = folder / "routes.yaml"
        routes.write_text(ROUTES.format(port=origin.port), encoding="utf-8")
        told = {
            # PYTHONPATH, where it is set, is how another tree than this one is measured.
            **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
            "OTEL_TRACES_SAMPLER_ARG": "0.01",
        }
        names = ("LOGIN", "REFRESH", "TRIAGE", "DEFAULT")
        service_env = {
            "gateway": {
                **{f"RATE_LIMIT_{name}": NEVER for name in names},
                "ROUTES_FILE": str(routes),
                "CORS_ALLOW_ORIGINS": ORIGIN,
                "TRUSTED_PROXIES": "127.0.0.1/32",
                **more.get("gateway", {}),
            },
            "auth": {
                "RATE_LIMIT_ENABLED": "false",
                "BCRYPT_ROUNDS": str(bcrypt_rounds),
                # Everybody here signs in as one.
                "SESSION_LIMIT": "10000",
                "ACCESS_TOKEN_EXPIRE_MINUTES": "600",
                **more.get("auth", {}),
            },
        }
        suite = stack.enter_context(Suite(folder / "suite", env=told, service_env=service_env))
        granian = stack.enter_context(another_gateway(suite, "granian", {"GATEWAY_SERVER": "granian"}))
        uvicorn = Gateway(suite.gateway_ports[0].public, suite.children["gateway"].pid)
        yield Installation(suite, uvicorn, granian, origin, collector)

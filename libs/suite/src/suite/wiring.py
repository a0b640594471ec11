"""Which programs the suite consists of, where each listens and what each is told."""

import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from suite import plan, processes
from suite.children import Child
from suite.kept import Kept
from suite.plan import Account, Ports


@dataclass(frozen=True, slots=True)
class Wiring:
    """One installation: all its programs, not yet running."""

    folder: Path
    kept: Kept
    env: Mapping[str, str]
    service_env: Mapping[str, Mapping[str, str]]
    database_url: str
    valkey_url: str
    sample_log: Path
    admin: Account
    gateways: tuple[Ports, ...]
    auths: int
    triages: int
    auth_ports: tuple[int, ...] = field(init=False)
    triage_ports: tuple[int, ...] = field(init=False)
    upstream_port: int = field(default_factory=processes.free_port, init=False)

    def __post_init__(self) -> None:
        for name, count in (("auth_ports", self.auths), ("triage_ports", self.triages)):
            object.__setattr__(self, name, tuple(processes.free_port() for _ in range(count)))

    def children(self) -> Iterator[Child]:
        up = partial(processes.accepts, self.upstream_port)
        yield self._child("upstream", ["-m", "suite.upstream", str(self.upstream_port)], self.env, up)
        for name, port in zip(_names("auth", self.auths), self.auth_ports, strict=True):
            yield self._child(name, ["-m", "auth"], self.auth_env(port, name), partial(serves, port))
        for name, port in zip(_names("triage", self.triages), self.triage_ports, strict=True):
            yield self._child(name, ["-m", "triage"], self._triage_env(port, name), partial(serves, port))
        for name, ports in zip(_names("gateway", len(self.gateways)), self.gateways, strict=True):
            up = partial(answers, f"{ports.internal_url}/readyz")
            yield self._child(name, ["-m", "gateway"], self._gateway_env(ports, name), up)

    def auth_env(self, port: int, name: str = "auth") -> dict[str, str]:
        """The first admin is the demo user: auth makes it when it is not there."""
        secrets = {
            "DATABASE_URL": self.database_url,
            "RATE_LIMIT_STORAGE_URI": self.valkey_url,
            "SECRET_KEY": self.kept.secret("secret_key"),
            "DEMO_PASSWORD": self.admin.password,
        }
        defaults = {"GRPC_BIND": f"127.0.0.1:{port}", "DEMO_USERNAME": self.admin.username}
        return self._env("auth", name, defaults, secrets)

    def _triage_env(self, port: int, name: str) -> dict[str, str]:
        defaults = {
            "GRPC_BIND": f"127.0.0.1:{port}",
            "AUTH_GRPC_TARGET": _target(self.auth_ports),
            "TRIAGE_SOURCE": "file",
            "TRIAGE_LOG_FILE": str(self.sample_log),
        }
        return self._env("triage", name, defaults, {"CIRCUIT_BREAKER_CACHE_URL": self.valkey_url})

    def _gateway_env(self, ports: Ports, name: str) -> dict[str, str]:
        defaults = {
            "GATEWAY_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(ports.public),
            "GATEWAY_INTERNAL_HOST": "127.0.0.1",
            "GATEWAY_INTERNAL_PORT": str(ports.internal),
            "AUTH_GRPC_TARGET": _target(self.auth_ports),
            "TRIAGE_GRPC_TARGET": _target(self.triage_ports),
            "EXTERNAL_API_URL": f"http://127.0.0.1:{self.upstream_port}",
            "DEVICE_COOKIE_SECURE": "false",
        }
        secrets = {"RATE_LIMIT_STORAGE_URI": self.valkey_url}
        return self._env("gateway", name, defaults, secrets)

    def _env(
        self, service: str, name: str, defaults: Mapping[str, str], secrets: Mapping[str, str]
    ) -> dict[str, str]:
        given = {**self.env, **self.service_env.get(service, {}), **self.service_env.get(name, {})}
        if given.get("TOKEN_ALGORITHM") == "HS256":
            secrets = {**secrets, "SECRET_KEY": self.kept.secret("secret_key")}
        # A port for all services would be taken by the first; one given to a single service is meant.
        bind = self.service_env.get(service, {}).get("METRICS_BIND")
        if bind is not None:
            defaults = {**defaults, "METRICS_BIND": bind}
        return plan.environment(service, given=given, defaults=defaults, secrets=secrets, kept=self.kept)

    def _child(
        self, name: str, arguments: list[str], env: Mapping[str, str], up: Callable[[], bool]
    ) -> Child:
        log = self.folder / "logs" / f"{name}.log"
        return Child(name=name, arguments=arguments, env=env, log=log, up=up)


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  our own loopback address
            status: int = answer.status
            return status == HTTPStatus.OK
    except OSError:
        return False


def serves(port: int) -> bool:
    """Whether the gRPC server there says that it is ready, by the standard health service."""
    if not processes.accepts(port):
        return False
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=2)
        except grpc.RpcError:
            return False
    ready: bool = answer.status == health_pb2.HealthCheckResponse.SERVING
    return ready


def _target(ports: Iterable[int]) -> str:
    return "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)


def _names(service: str, count: int) -> list[str]:
    return [service if number == 1 else f"{service}-{number}" for number in range(1, count + 1)]

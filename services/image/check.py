"""Holds the built images to their promises: at most 120 MB, no shell, and healthy as an ordinary user.

Each runs as user 65532 from its read-only image beside an embedded PostgreSQL and Valkey, with mutual TLS
and ENVIRONMENT=production, as in a cluster. The first sign-in is made as the chart's
notes tell it, and a client's day is walked through from inside the gateway's image. Prints one line an
image; exit status 1 where one does not hold.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import first_login
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.testing.pki import Authority
from suite import processes, servers
from suite.places import ROOT
from suite.wiring import answers

MOST_BYTES: Final = 120 * 1000 * 1000
READY_SECONDS: Final = 60
_SHELLS: Final = ("bin/sh", "usr/bin/sh", "bin/bash", "usr/bin/bash", "bin/busybox", "usr/bin/busybox")


@dataclass(frozen=True, slots=True)
class Buildah:
    """An image unpacked by buildah and run in it by `buildah run --isolation chroot`."""

    container: str
    root: Path

    @classmethod
    @contextmanager
    def of(cls, image: str) -> Iterator["Buildah"]:
        container = _said("buildah", "from", "--pull-never", image)
        try:
            yield cls(container, Path(_said("buildah", "mount", container)))
        finally:
            _said("buildah", "rm", container)

    def size(self) -> int:
        return sum(
            path.lstat().st_size for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()
        )

    def shells(self) -> list[str]:
        return [name for name in _SHELLS if (self.root / name).exists()]

    def line(
        self,
        env: Mapping[str, str],
        files: Path,
        *arguments: str,
        program: tuple[str, ...] = ("/app/service",),
    ) -> list[str]:
        told = [part for name, value in env.items() for part in ("--env", f"{name}={value}")]
        isolation = ("--isolation", "chroot", "--user", "65532:65532")
        given = (*isolation, "--volume", f"{files}:/run/suite:ro", *told)
        return ["buildah", "run", *given, self.container, "--", *program, *arguments]


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> int:
    prefix = os.environ.get("PREFIX", "ghcr.io/api-reliability-suite")
    chart = (ROOT / "charts/api-reliability-suite/Chart.yaml").read_text(encoding="utf-8")
    tag = os.environ.get("TAG") or chart.partition('appVersion: "')[2].partition('"')[0]
    with ExitStack() as stack:
        images = {
            name: stack.enter_context(Buildah.of(f"{prefix}/{name}:{tag}"))
            for name in ("auth", "gateway", "triage")
        }
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        healthy = _healthy(stack, images, folder)
        fine = True
        for name, image in images.items():
            size, shells = image.size(), image.shells()
            fine &= size <= MOST_BYTES and not shells and healthy[name]
            health = "healthy" if healthy[name] else "NOT HEALTHY"
            shell = f"shells: {' '.join(shells)}" if shells else "no shell"
            sys.stdout.write(f"{name:8} {size / 1e6:6.1f} MB  {shell}  {health}\n")
    return 0 if fine else 1


def _healthy(stack: ExitStack, images: Mapping[str, Buildah], folder: Path) -> dict[str, bool]:
    postgres = servers.postgres(folder / "postgres")
    valkey = servers.valkey(folder / "valkey")
    for server in (postgres, valkey):
        stack.callback(server.stop)
        server.start()
    tls = Authority().issue(folder / "suite" / "tls", "localhost")
    given = {
        "database_url": postgres.url(),
        "secret_key": secrets.token_urlsafe(48),
        "bootstrap_secret": secrets.token_urlsafe(30),
        "rate_limit_storage_uri": valkey.url(0),
        "circuit_breaker_cache_url": valkey.url(1),
    }
    wanted = {
        "auth": ("database_url", "secret_key", "rate_limit_storage_uri", "bootstrap_secret"),
        "gateway": ("rate_limit_storage_uri", "circuit_breaker_cache_url"),
        "triage": ("circuit_breaker_cache_url",),
    }
    for name, keys in wanted.items():
        place = folder / "suite" / name
        place.mkdir(parents=True)
        for key in keys:
            (place / key).write_text(given[key])
    _readable(folder / "suite")
    ports = {
        name: processes.free_port()
        for name in ("auth", "triage", "public", "internal", "auth-health", "triage-health")
    }
    shared = {"ENVIRONMENT": "production", "SHUTDOWN_DELAY_SECONDS": "0"}
    for name, path in (("CERT", tls.cert), ("KEY", tls.key), ("CA", tls.ca)):
        shared[f"TLS_{name}_FILE"] = f"/run/suite/tls/{path.name}"
    auth_at = f"dns:///localhost:{ports['auth']}"
    env = {
        "auth": {
            "GRPC_BIND": f"127.0.0.1:{ports['auth']}",
            "HEALTH_BIND": f"127.0.0.1:{ports['auth-health']}",
        },
        "gateway": {
            "GATEWAY_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(ports["public"]),
            "GATEWAY_INTERNAL_HOST": "127.0.0.1",
            "GATEWAY_INTERNAL_PORT": str(ports["internal"]),
            "AUTH_GRPC_TARGET": auth_at,
            "TRIAGE_GRPC_TARGET": f"dns:///localhost:{ports['triage']}",
        },
        "triage": {
            "GRPC_BIND": f"127.0.0.1:{ports['triage']}",
            "HEALTH_BIND": f"127.0.0.1:{ports['triage-health']}",
            "AUTH_GRPC_TARGET": auth_at,
        },
    }
    for name, own in env.items():
        own.update(shared, SETTINGS_SECRETS_DIR=f"/run/suite/{name}")
    migrate = {**shared, "SETTINGS_SECRETS_DIR": env["auth"]["SETTINGS_SECRETS_DIR"]}
    subprocess.run(images["auth"].line(migrate, folder / "suite", "migrate"), check=True, capture_output=True)
    for name, image in images.items():
        with (folder / f"{name}.log").open("wb") as log:
            line = image.line(env[name], folder / "suite")
            stack.callback(_end, subprocess.Popen(line, stdout=log, stderr=log))
    healthy = {
        "auth": _becomes_healthy(ports["auth-health"]),
        "triage": _becomes_healthy(ports["triage-health"]),
        "gateway": _becomes_ready(ports["internal"]),
    }
    for name, is_healthy in healthy.items():
        if not is_healthy:
            sys.stderr.write(processes.tail(folder / f"{name}.log") + "\n")
    if all(healthy.values()):
        _walk(
            images["gateway"],
            f"http://localhost:{ports['public']}",
            given["bootstrap_secret"],
            folder / "suite",
        )
    return healthy


def _walk(gateway: Buildah, url: str, bootstrap_secret: str, files: Path) -> None:
    """The notes' first sign-in, then what `helm test` runs, from inside the image."""
    password = secrets.token_urlsafe(24)
    first_login.follow(url, bootstrap_secret, password)
    first_login.write_account(files / "account", password)
    _readable(files)
    check = ("/app/bin/python", "-I", "-m", "gateway.check")
    subprocess.run(gateway.line({}, files, url, "--triage", program=check), check=True)


def _readable(folder: Path) -> None:
    """By the user of the images, who is not the one who runs this."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _becomes_healthy(port: int) -> bool:
    for _ in processes.deadline(READY_SECONDS, step=0.25):
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=2)
            except grpc.RpcError:
                continue
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return True
    return False


def _becomes_ready(port: int) -> bool:
    return any(
        answers(f"http://127.0.0.1:{port}/readyz") for _ in processes.deadline(READY_SECONDS, step=0.25)
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())

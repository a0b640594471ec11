"""One installation of the chart in one namespace of somebody's cluster, through kubectl and helm."""

import base64
import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from charting import helm as finder
from charting.described import CHART

RELEASE: Final = "suite"
PREFIX: Final = "suite-api-reliability-suite"
_FORWARDING: Final = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


class NotInTime(AssertionError):
    """What was waited for did not happen."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Args: kubeconfig of a cluster; a namespace that is this one's alone."""

    kubeconfig: Path
    namespace: str

    def kubectl(self, *arguments: str, given: str | None = None, seconds: float = 300) -> str:
        """What it printed.

        Raises:
            CalledProcessError: with what it said, in `stderr`.
        """
        return self._run("kubectl", ["--namespace", self.namespace, *arguments], given, seconds)

    def helm(self, *arguments: str | Path, seconds: float = 900) -> str:
        return self._run("helm", ["--namespace", self.namespace, *map(str, arguments)], None, seconds)

    def install(self, values: Path, *more: str) -> None:
        waiting = ("--create-namespace", "--wait", "--timeout", "10m")
        self.helm("upgrade", "--install", RELEASE, CHART, *waiting, "--values", values, *more)

    def get(self, what: str, *more: str) -> Any:
        return json.loads(self.kubectl("get", what, *more, "--output", "json"))

    def apply(self, manifest: Mapping[str, Any]) -> None:
        self.kubectl("apply", "--filename", "-", given=json.dumps(manifest))

    def secret(self, name: str) -> dict[str, str]:
        data: Mapping[str, str] = self.get(f"secret/{name}")["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def pods(self, component: str) -> list[str]:
        """Names of those that are ready and are not ending."""
        found = self.get("pods", "--selector", f"app.kubernetes.io/component={component}")["items"]
        return [pod["metadata"]["name"] for pod in found if _ready(pod)]

    def scale(self, component: str, replicas: int) -> None:
        self.kubectl("scale", f"deployment/{PREFIX}-{component}", f"--replicas={replicas}")
        self.settled(component)

    def restart(self, component: str) -> None:
        self.kubectl("rollout", "restart", f"deployment/{PREFIX}-{component}")
        self.settled(component)

    def settled(self, component: str) -> None:
        self.kubectl("rollout", "status", f"deployment/{PREFIX}-{component}", "--timeout=5m", seconds=330)

    @contextmanager
    def forward(self, target: str, port: int) -> Iterator[str]:
        """host:port on this machine that leads to a `service/...` or `pod/...`."""
        command = self._command(
            "kubectl", ["--namespace", self.namespace, "port-forward", target, f":{port}"]
        )
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield f"127.0.0.1:{_told_port(process)}"
            finally:
                process.terminate()

    def _run(self, tool: str, arguments: list[str], given: str | None, seconds: float) -> str:
        return subprocess.run(
            self._command(tool, arguments),
            input=given,
            check=True,
            capture_output=True,
            text=True,
            timeout=seconds,
        ).stdout

    def _command(self, tool: str, arguments: list[str]) -> list[str]:
        return [str(finder.tool(tool)), "--kubeconfig", str(self.kubeconfig), *arguments]


def _ready(pod: Mapping[str, Any]) -> bool:
    conditions = {one["type"]: one["status"] for one in pod["status"].get("conditions", [])}
    return "deletionTimestamp" not in pod["metadata"] and conditions.get("Ready") == "True"


def until(seconds: float, what: str) -> Iterator[float]:
    """Tries until the loop is left, and fails with `what` where it is not left in time."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < seconds:
        yield waited
        time.sleep(0.5)
    raise NotInTime(f"{what}: not within {seconds:g} s")


def _told_port(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        if found := _FORWARDING.match(line):
            return found[1]
    raise NotInTime("kubectl port-forward ended before it listened")

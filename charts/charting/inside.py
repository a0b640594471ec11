"""Programs that run inside the cluster, in a pod of ours: what they see is what clients there see."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from charting.cluster import PREFIX, Cluster, until

# Asks the gateway as fast as it answers, every request on a connection of its own so that each one is
# balanced anew, until told to stop by the clock; prints how many there were and what went wrong.
LOAD: Final = """
import collections, http.client, json, sys, threading, time
host, token, ends = sys.argv[1], sys.argv[2], time.monotonic() + float(sys.argv[3])
seen = collections.Counter()
def ask():
    while time.monotonic() < ends:
        try:
            link = http.client.HTTPConnection(host, 80, timeout=10)
            bearer = "Bearer " + open(token).read().strip()
            link.request("GET", "/protected", headers={"Authorization": bearer})
            seen[str(link.getresponse().status)] += 1
            link.close()
        except OSError as error:
            seen[type(error).__name__] += 1
threads = [threading.Thread(target=ask) for _ in range(4)]
[t.start() for t in threads]
print("begun", flush=True)
[t.join() for t in threads]
print(json.dumps(seen), flush=True)
"""

# Says for each host:port whether a connection is let through.
REACH: Final = """
import json, socket, sys
def reaches(address):
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
    except OSError:
        return False
    return True
print(json.dumps({address: reaches(address) for address in sys.argv[1:]}), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Inside:
    """Runs Python in the gateway's image."""

    cluster: Cluster
    image: str

    @contextmanager
    def running(
        self, name: str, program: str, *arguments: str, labels: Mapping[str, str], secret: str = ""
    ) -> Iterator[str]:
        """The name of a pod that has begun; it is gone afterwards."""
        self.cluster.apply(self._pod(name, program, arguments, labels, secret))
        try:
            yield name
        finally:
            self.cluster.kubectl("delete", "pod", name, "--now", "--ignore-not-found")

    def begun(self, name: str) -> None:
        for _ in until(120, f"{name} begins"):
            if self._phase(name) == "Running" and "begun" in self.cluster.kubectl("logs", name):
                return

    def said(self, name: str, seconds: float = 180) -> Any:
        """The JSON of its last line, once it has ended."""
        for _ in until(seconds, f"{name} ends"):
            if self._phase(name) in {"Succeeded", "Failed"}:
                break
        return json.loads(self.cluster.kubectl("logs", name).strip().splitlines()[-1])

    def _phase(self, name: str) -> str:
        phase: str = self.cluster.get(f"pod/{name}")["status"].get("phase", "")
        return phase

    def _pod(
        self, name: str, program: str, arguments: tuple[str, ...], labels: Mapping[str, str], secret: str
    ) -> dict[str, Any]:
        mounts = [{"name": "given", "mountPath": "/run/given", "readOnly": True}] if secret else []
        volumes = [{"name": "given", "secret": {"secretName": secret}}] if secret else []
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": dict(labels)},
            "spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": False,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65532,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "volumes": volumes,
                "containers": [
                    {
                        "name": "program",
                        "image": self.image,
                        "command": ["/app/bin/python", "-I", "-c", program, *arguments],
                        "volumeMounts": mounts,
                        "securityContext": {
                            "allowPrivilegeEscalation": False,
                            "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"]},
                        },
                    }
                ],
            },
        }


def let_in() -> dict[str, str]:
    """Labels that the gateway's network policy admits: those of `helm test`."""
    return {
        "app.kubernetes.io/name": PREFIX.removeprefix("suite-"),
        "app.kubernetes.io/instance": "suite",
        "app.kubernetes.io/component": "test",
    }

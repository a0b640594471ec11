"""As much of an API server as helm's `lookup` asks for: the Secrets that an installation left behind."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import yaml

from charting.rendering import Object, Objects, of_kind

_VERSION: Final = {"major": "1", "minor": "36", "gitVersion": "v1.36.0"}


def _discovery(objects: Objects) -> dict[str, Object]:
    """What an API server says it knows: the kinds among `objects`, in their groups."""
    versions: dict[str, set[str]] = {}
    for item in objects:
        versions.setdefault(item["apiVersion"], set()).add(item["kind"])
    known: dict[str, Object] = {
        "/version": _VERSION,
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [_group(version) for version in versions if "/" in version],
        },
    }
    for version, kinds in versions.items():
        place = f"/apis/{version}" if "/" in version else f"/api/{version}"
        resources = [
            {
                "name": f"{kind.lower()}s",
                "singularName": "",
                "namespaced": True,
                "kind": kind,
                "verbs": ["get"],
            }
            for kind in sorted(kinds)
        ]
        known[place] = {"kind": "APIResourceList", "groupVersion": version, "resources": resources}
    return known


def _group(version: str) -> Object:
    named = {"groupVersion": version, "version": version.partition("/")[2]}
    return {"name": version.partition("/")[0], "versions": [named], "preferredVersion": named}


@contextmanager
def cluster_with(objects: Objects, folder: Path) -> Iterator[Path]:
    """A kubeconfig of a server on this machine that holds the Secrets among `objects`."""
    secrets = {
        f"/api/v1/namespaces/{item['metadata']['namespace']}/secrets/{item['metadata']['name']}": _owned(item)
        for item in of_kind(objects, "Secret")
    }

    known = _discovery(objects)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            found = known.get(path) or secrets.get(path)
            self._answer(200 if found else 404, found or _absent())

        def _answer(self, status: int, body: Mapping[str, Any]) -> None:
            encoded = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(_kubeconfig(server.server_port)), encoding="utf-8")
        try:
            yield kubeconfig
        finally:
            server.shutdown()


def _owned(item: Object) -> Object:
    """As helm leaves it: what it did not make itself, it would not touch."""
    metadata = item["metadata"]
    release = {
        "meta.helm.sh/release-name": metadata["labels"]["app.kubernetes.io/instance"],
        "meta.helm.sh/release-namespace": metadata["namespace"],
    }
    annotations = {**metadata.get("annotations", {}), **release}
    return {**item, "metadata": {**metadata, "annotations": annotations}}


def _absent() -> Object:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}


def _kubeconfig(port: int) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "kept", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "contexts": [{"name": "kept", "context": {"cluster": "kept", "user": "kept"}}],
        "users": [{"name": "kept", "user": {}}],
        "current-context": "kept",
    }

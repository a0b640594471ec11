"""A fresh installation in a namespace of its own, in the cluster of E2E_KUBECONFIG.

E2E_KUBECONFIG   a kubeconfig whose user may create a namespace and what the chart makes
E2E_IMAGES       registry/repository:tag of the three images; those of the chart when unset
E2E_HELM         the helm to use; the one on PATH, or the one `make setup` knows, when unset
E2E_VALUES       more values for the installation, such as pull secrets

Without E2E_KUBECONFIG the tests marked `cluster` are deselected, and the run says so.
"""

import json
import os
import secrets
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import yaml

from charting.cluster import PREFIX, Cluster
from charting.inside import Inside
from suite.api import Api
from suite.plan import Account

REASON = "the tests marked `cluster` need E2E_KUBECONFIG and were left out"
_dropped = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "E2E_KUBECONFIG" in os.environ:
        return
    dropped = [item for item in items if item.get_closest_marker("cluster")]
    items[:] = [item for item in items if not item.get_closest_marker("cluster")]
    config.stash[_dropped] = len(dropped)
    config.hook.pytest_deselected(items=dropped)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if count := config.stash.get(_dropped, 0):
        terminalreporter.write_line(f"{count} deselected: {REASON}")


def image_values(images: str) -> dict[str, str]:
    """`registry/repository:tag` as values of the chart."""
    named, _, tag = images.rpartition(":")
    registry, _, repository = named.partition("/")
    return {"registry": registry, "repository": repository, "tag": tag}


def values() -> dict[str, object]:
    """Small, no volume left behind, limits that a hammering test does not meet."""
    small = {"requests": {"cpu": "50m", "memory": "96Mi"}}
    given: dict[str, object] = {
        "environment": "staging",
        "gateway": {
            "resources": small,
            "limits": {"login": "600/minute", "default": "100000/minute", "refresh": "600/minute"},
            "settings": {"DEVICE_COOKIE_SECURE": False},
        },
        "auth": {"resources": small},
        "triage": {"resources": small},
        "postgres": {"resources": small, "persistence": {"size": "1Gi"}},
        "redis": {"resources": small},
        "helmTest": {"existingSecret": "e2e-account"},
    }
    if images := os.environ.get("E2E_IMAGES"):
        given["image"] = image_values(images)
    return given


@pytest.fixture(scope="session")
def values_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("values") / "values.yaml"
    file.write_text(yaml.safe_dump(values()))
    return file


@pytest.fixture(scope="session")
def account() -> Account:
    return Account("e2e-admin", secrets.token_urlsafe(24))


@pytest.fixture(scope="session")
def cluster(values_file: Path, account: Account) -> Iterator[Cluster]:
    """Installed, with an admin; the namespace is removed afterwards."""
    if "E2E_HELM" in os.environ:
        os.environ["HELM"] = os.environ["E2E_HELM"]
    made = Cluster(Path(os.environ["E2E_KUBECONFIG"]), f"suite-e2e-{secrets.token_hex(3)}")
    made.kubectl("create", "namespace", made.namespace)
    try:
        # Whatever does not meet the restricted standard is refused by the API server itself.
        made.kubectl(
            "label",
            "namespace",
            made.namespace,
            "pod-security.kubernetes.io/enforce=restricted",
            "--overwrite",
        )
        made.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "e2e-account"},
                "stringData": {"username": account.username, "password": account.password},
            }
        )
        more = ["--values", os.environ["E2E_VALUES"]] if "E2E_VALUES" in os.environ else []
        made.install(values_file, *more)
        with made.forward(f"service/{PREFIX}-gateway", 80) as address:
            bootstrap(f"http://{address}", made.secret(f"{PREFIX}-keys")["bootstrap_secret"], account)
        yield made
    finally:
        made.kubectl("delete", "namespace", made.namespace, "--wait=false")


def bootstrap(base_url: str, secret: str, account: Account) -> None:
    """The first admin, as the chart's notes say it."""
    body = {"bootstrap_secret": secret, "username": account.username, "password": account.password}
    request = urllib.request.Request(
        f"{base_url}/bootstrap", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=30).close()


@pytest.fixture
def inside(cluster: Cluster) -> Inside:
    deployment = cluster.get(f"deployment/{PREFIX}-gateway")
    image: str = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    return Inside(cluster, image)


@pytest.fixture
async def api(cluster: Cluster) -> AsyncIterator[Api]:
    with cluster.forward(f"service/{PREFIX}-gateway", 80) as address:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield Api(f"http://{address}", http, patient=True)

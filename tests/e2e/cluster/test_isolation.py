"""Nothing talks to what no policy names, and no pod can speak to the API server."""

import pytest

from charting.cluster import PREFIX, Cluster
from charting.inside import REACH, Inside, let_in

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]


def reached(inside: Inside, name: str, labels: dict[str, str], *addresses: str) -> dict[str, bool]:
    with inside.running(name, REACH, *addresses, labels=labels) as pod:
        answer: dict[str, bool] = inside.said(pod)
        return answer


def test_a_stranger_in_the_namespace_reaches_nothing_and_a_client_only_the_gateway(
    cluster: Cluster, inside: Inside
):
    at = f"{cluster.namespace}.svc"
    inner = [f"{PREFIX}-auth.{at}:50051", f"{PREFIX}-triage.{at}:50052"]
    inner += [f"{PREFIX}-postgres.{at}:5432", f"{PREFIX}-redis.{at}:6379"]
    door = f"{PREFIX}-gateway.{at}:80"

    client = reached(inside, "e2e-client", let_in(), door, *inner)
    assert client == {door: True, **dict.fromkeys(inner, False)}, (
        "does the cluster's network enforce policies?"
    )
    stranger = reached(inside, "e2e-stranger", {"app": "stranger"}, door, *inner)
    assert not any(stranger.values())


def test_no_pod_holds_a_token(cluster: Cluster):
    for pod in cluster.get("pods", "--selector", "app.kubernetes.io/part-of=api-reliability-suite")["items"]:
        mounted = [
            mount["mountPath"] for one in pod["spec"]["containers"] for mount in one.get("volumeMounts", [])
        ]
        assert not any("serviceaccount" in path for path in mounted), pod["metadata"]["name"]

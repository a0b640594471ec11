"""Rolling updates and drained nodes under load lose no request; a dead database loses no verified one."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from charting.cluster import PREFIX, Cluster, until
from charting.inside import LOAD, Inside, let_in
from suite.api import Api
from suite.plan import Account

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

SECONDS = 90


@pytest.fixture
async def load(cluster: Cluster, inside: Inside, api: Api, account: Account) -> "Load":
    pair = await api.sign_in(account)
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "e2e-token"},
            "stringData": {"token": pair.access},
        }
    )
    return Load(cluster, inside)


class Load:
    """Clients in the cluster that never stop asking, and what they were answered."""

    def __init__(self, cluster: Cluster, inside: Inside) -> None:
        self._cluster = cluster
        self._inside = inside

    @contextmanager
    def during(self) -> Iterator[dict[str, int]]:
        """Yields once under load; afterwards what was yielded holds the answers by status."""
        host = f"{PREFIX}-gateway.{self._cluster.namespace}.svc"
        answers: dict[str, int] = {}
        given = (host, "/run/given/token", str(SECONDS))
        with self._inside.running("e2e-load", LOAD, *given, labels=let_in(), secret="e2e-token") as pod:
            self._inside.begun(pod)
            yield answers
            answers |= self._inside.said(pod, SECONDS + 60)


def lossless(answers: dict[str, int]) -> None:
    assert answers.keys() == {"200"}, answers
    assert answers["200"] > SECONDS


@pytest.mark.parametrize("component", ["gateway", "auth"])
def test_a_rolling_update_loses_no_request(cluster: Cluster, load: Load, component: str):
    with load.during() as answers:
        cluster.restart(component)
    lossless(answers)


def test_a_drained_node_loses_no_request(cluster: Cluster, load: Load):
    pod = cluster.pods("gateway")[0]
    node = cluster.get(f"pod/{pod}")["spec"]["nodeName"]
    others = [one for one in cluster.get("nodes")["items"] if not one["spec"].get("unschedulable")]
    assert len(others) > 1, "a node can only be drained where there is another one"
    selector = "--pod-selector=app.kubernetes.io/component in (gateway,auth)"
    try:
        with load.during() as answers:
            cluster.kubectl("drain", node, selector, "--ignore-daemonsets", "--timeout=3m")
            cluster.settled("gateway")
            cluster.settled("auth")
    finally:
        cluster.kubectl("uncordon", node)
    lossless(answers)


async def test_verified_traffic_does_not_notice_the_database_s_death(
    cluster: Cluster, load: Load, api: Api, account: Account
):
    with load.during() as answers:
        cluster.kubectl("delete", "pod", f"{PREFIX}-postgres-0", "--grace-period=0", "--force")
        for _ in until(120, "sign-in works again"):
            if (await api.login(account.username, account.password)).status == 200:
                break
    lossless(answers)

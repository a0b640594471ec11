"""What holds of everything the chart ever makes, whatever the values."""

import re
from collections.abc import Iterator

import pytest

from charting.rendering import (
    WAYS,
    Object,
    Objects,
    component,
    containers,
    name_of,
    of_kind,
    pods,
)

pytestmark = pytest.mark.parametrize("way", WAYS)

_SELECTOR = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}


@pytest.fixture
def objects(ways: dict[str, Objects], way: str) -> Objects:
    return ways[way]


def test_every_pod_meets_the_restricted_standard(objects: Objects):
    for where, pod in pods(objects):
        spec = pod["spec"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), where
        assert all(
            {"configMap", "emptyDir", "projected", "secret", "persistentVolumeClaim"} & volume.keys()
            for volume in spec["volumes"]
        ), where
        for container in containers(pod):
            security = container["securityContext"]
            assert security == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            }, where
            assert all("hostPort" not in port for port in container.get("ports", [])), where


def test_no_pod_has_a_token_or_service_links_it_does_not_need(objects: Objects, way: str):
    for where, pod in pods(objects):
        assert pod["spec"]["automountServiceAccountToken"] is False, where
        assert pod["spec"]["enableServiceLinks"] is False, where
        asks_for_token = any(
            "serviceAccountToken" in source
            for volume in pod["spec"]["volumes"]
            for source in volume.get("projected", {}).get("sources", [])
        )
        assert asks_for_token == (way == "pod-logs" and component(pod) == "triage"), where


def test_every_container_says_what_it_may_use(objects: Objects):
    for where, pod in pods(objects):
        for container in containers(pod):
            for kind in ("requests", "limits"):
                assert container["resources"][kind].keys() == {"cpu", "memory"}, where


def test_what_serves_is_probed_for_starting_living_and_being_ready(objects: Objects):
    for item in of_kind(objects, "Deployment", "StatefulSet"):
        for container in item["spec"]["template"]["spec"]["containers"]:
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys(), name_of(item)


def test_a_pod_is_given_longer_to_end_than_it_takes(objects: Objects):
    for item in of_kind(objects, "Deployment"):
        spec = item["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        env = {entry["name"]: entry.get("value") for entry in container["env"]}
        # A gateway drains for as long as it is told, the others for 10 seconds.
        takes = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        takes += int(env["SHUTDOWN_DELAY_SECONDS"]) + int(env.get("DRAIN_SECONDS", "10"))
        assert spec["terminationGracePeriodSeconds"] > takes + 10, name_of(item)


def test_updates_take_nothing_away_before_something_is_there(objects: Objects):
    for item in of_kind(objects, "Deployment"):
        assert item["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        assert len(item["spec"]["template"]["spec"]["topologySpreadConstraints"]) == 2


def test_selectors_are_the_three_labels_that_never_change(objects: Objects):
    for item in of_kind(objects, "Deployment", "StatefulSet"):
        assert item["spec"]["selector"]["matchLabels"].keys() == _SELECTOR, name_of(item)
        assert "app.kubernetes.io/version" not in item["spec"]["template"]["metadata"]["labels"]


def test_no_image_moves(objects: Objects):
    for where, pod in pods(objects):
        for container in containers(pod):
            assert re.search(r"(:[\w.-]+|@sha256:[0-9a-f]{64})$", container["image"]), where
            assert not container["image"].endswith(":latest"), where


def secrets(objects: Objects) -> Iterator[str]:
    """Everything the chart generated that must be nowhere but in its Secret."""
    for item in of_kind(objects, "Secret"):
        for name, value in item["data"].items():
            if name not in {"tls.crt", "ca.crt"}:
                yield value


def test_secrets_are_files_and_nowhere_else(objects: Objects):
    generated = set(secrets(objects))
    text = repr([item for item in objects if item["kind"] != "Secret"])
    assert all(value not in text for value in generated)
    for where, pod in pods(objects):
        for container in containers(pod):
            for entry in container.get("env", []):
                assert "secretKeyRef" not in entry.get("valueFrom", {}), where
                assert not re.search(r"PASSWORD$|SECRET$|_KEY$|DATABASE_URL|STORAGE_URI", entry["name"]), (
                    where
                )
            assert "envFrom" not in container, where


def policies(objects: Objects, pod: Object) -> Iterator[Object]:
    labels = pod["metadata"]["labels"].items()
    for policy in of_kind(objects, "NetworkPolicy"):
        if policy["spec"]["podSelector"]["matchLabels"].items() <= labels:
            yield policy["spec"]


def test_every_pod_is_denied_what_its_one_policy_does_not_name(objects: Objects):
    for where, pod in pods(objects):
        (policy,) = policies(objects, pod)
        assert policy["policyTypes"] == ["Ingress", "Egress"], where


def test_every_port_is_in_a_policy_and_every_policy_names_only_ports_there_are(objects: Objects):
    for where, pod in pods(objects):
        (policy,) = policies(objects, pod)
        allowed = {port["port"] for rule in policy.get("ingress", []) for port in rule["ports"]}
        opened = {port["containerPort"] for one in containers(pod) for port in one.get("ports", [])}
        assert allowed == opened, where
        assert all(rule.get("from") for rule in policy.get("ingress", [])), where


def test_whoever_is_called_lets_its_caller_in(objects: Objects):
    """Both ends of each flow between our pods, so that neither is forgotten."""
    by_component = {component(pod): pod for _, pod in pods(objects)}
    for name, pod in by_component.items():
        (policy,) = policies(objects, pod)
        for rule in policy.get("egress", []):
            for peer in rule.get("to", []):
                labels = peer.get("podSelector", {}).get("matchLabels", {})
                callee = labels.get("app.kubernetes.io/component")
                if callee is None:
                    continue
                (theirs,) = policies(objects, by_component[callee])
                (port,) = (port["port"] for port in rule["ports"])
                callers = [
                    source["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
                    for entry in theirs["ingress"]
                    if port in [allowed["port"] for allowed in entry["ports"]]
                    for source in entry["from"]
                    if source.get("podSelector", {}).get("matchLabels")
                ]
                assert name in callers, f"{name} to {callee}"


def test_names_are_short_enough_and_in_the_release_s_namespace(objects: Objects):
    for item in objects:
        assert len(item["metadata"]["name"]) <= 63
        assert item["metadata"]["namespace"] in {"suite", "shop"}
    keys = [(name_of(item), item["metadata"]["namespace"]) for item in objects]
    assert len(keys) == len(set(keys))


def test_whatever_is_mounted_is_there(objects: Objects):
    made = {(item["kind"], item["metadata"]["name"]) for item in objects}
    for where, pod in pods(objects):
        volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
        claimed = {"data"} if where.startswith("StatefulSet") else set()
        for container in containers(pod):
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes | claimed, where
        for volume in pod["spec"]["volumes"]:
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in made, where

"""What an upgrade changes is seen before it is released.

default.yaml is what the chart makes of no values, without what is random. After a change that is meant:
`make chart`.
"""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from charting.golden import FILE, golden
from charting.kept import cluster_with
from charting.rendering import CHART, Object, Objects, helm, name_of, objects_of, of_kind

# What the API server refuses to change once it is there.
IMMUTABLE = {
    "Deployment": ("selector",),
    "StatefulSet": ("selector", "serviceName", "volumeClaimTemplates", "podManagementPolicy"),
    "Job": ("template", "selector"),
    "Service": ("clusterIP",),
}


def frozen(objects: Objects) -> dict[str, dict[str, Any]]:
    return {
        name_of(item): {field: item["spec"].get(field) for field in IMMUTABLE[item["kind"]]}
        for item in of_kind(objects, *IMMUTABLE)
        if "helm.sh/hook" not in item["metadata"].get("annotations", {})
    }


def test_the_default_renders_as_it_did():
    assert golden() == FILE.read_text(encoding="utf-8"), "meant? then `make chart`"


def test_no_secret_is_in_what_is_kept_here():
    kept = [item for item in objects_of(FILE.read_text(encoding="utf-8")) if item["kind"] == "Secret"]
    assert kept
    assert {value for item in kept for value in item["data"].values()} == {"made at install"}


@pytest.mark.parametrize(
    "values",
    [
        {"image": {"tag": "9.9.9"}},
        {"gateway": {"replicas": 5, "resources": {"limits": {"memory": "1Gi"}}}},
        {"commonLabels": {"team": "platform"}},
        {"tls": {"mode": "certManager"}},
        {"migrations": {"resources": {"limits": {"memory": "512Mi"}}}},
        {"triage": {"enabled": False}},
    ],
)
def test_an_upgrade_from_the_default_changes_nothing_immutable(render: Any, values: dict[str, Any]):
    before, after = frozen(objects_of(FILE.read_text(encoding="utf-8"))), frozen(render(values))
    for name in before.keys() & after.keys():
        assert after[name] == before[name], name
    services = {
        "Deployment/suite-api-reliability-suite-auth",
        "StatefulSet/suite-api-reliability-suite-postgres",
    }
    assert services <= before.keys() & after.keys()


def migration(objects: Objects) -> Object:
    (job,) = (item for item in of_kind(objects, "Job") if "migrate" in item["metadata"]["name"])
    return job


def test_a_job_with_another_pod_is_another_job(render: Any):
    before = migration(render({}))
    after = migration(render({"image": {"tag": "9.9.9"}}))
    assert before["metadata"]["name"] != after["metadata"]["name"]


def test_hooks_migrate_where_the_database_is_there_before(render: Any):
    outside = {"postgres": {"enabled": False}, "externalDatabase": {"existingSecret": "db"}}
    job = migration(render(outside))
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    # Nothing it needs is made by the release that comes after it.
    assert "serviceAccountName" not in job["spec"]["template"]["spec"]
    text = yaml.safe_dump(job)
    assert "suite-api-reliability-suite-postgres" not in text
    assert "-tls" not in text


def test_generated_secrets_are_strong_and_differ(render: Any):
    made = [
        base64.b64decode(value).decode()
        for item in of_kind(render({}), "Secret")
        if item["type"] == "Opaque"
        for name, value in item["data"].items()
        if re.search(r"password$|secret$|_key$", name)
    ]
    assert len(made) == len(set(made)) == 6
    assert all(len(value) >= 40 for value in made)


def test_a_digest_beats_a_tag_and_a_registry_is_for_all(render: Any):
    digest = "sha256:" + "a" * 64
    objects = render(
        {
            "global": {"imageRegistry": "mirror.example.com"},
            "gateway": {"image": {"digest": digest, "tag": "1"}},
        }
    )
    images = set(re.findall(r"'image': '([^']+)'", str(objects)))
    assert f"mirror.example.com/api-reliability-suite/gateway@{digest}" in images
    assert all(image.startswith("mirror.example.com/") for image in images)


def test_extra_objects_may_be_templates(render: Any):
    extra = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-extra"}}
    objects = render({"extraObjects": [extra, yaml.safe_dump(extra).replace("extra", "more")]})
    assert {"suite-extra", "suite-more"} <= {item["metadata"]["name"] for item in objects}


def test_the_notes_lead_to_the_first_sign_in(render: Any, tmp_path: Path):
    # Helm 3 wants a cluster even where it asks it nothing.
    with cluster_with(render({}), tmp_path) as kubeconfig:
        dry = ("--dry-run=client", "--disable-openapi-validation", "--kubeconfig", kubeconfig)
        said = helm("install", "suite", CHART, "--namespace", "suite", *dry)
    said = said[said.index("NOTES:") :]
    for word in (
        "rollout status",
        "port-forward",
        "bootstrap_secret",
        "/bootstrap",
        "/login",
        "helm -n suite test",
    ):
        assert word in said

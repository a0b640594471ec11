"""What others' tools say of every way of installing the chart."""

import json
import subprocess
import warnings
from pathlib import Path
from typing import Final

import kubernetes_validate
import pytest

from charting.helm import CACHE, ROOT
from charting.rendering import CHART, WAYS, Objects, helm, name_of

# With a reason each; everything else has to pass.
SKIPPED: Final = {
    "CKV_K8S_43": "an image by digest is the installer's choice (*.image.digest); no tag of ours ever moves",
    "CKV_K8S_15": "pulling always would make every restart depend on the registry, and tags never move",
    "CKV_K8S_40": "with security.randomUser the platform picks the user, so the chart cannot say it is high",
}
CUSTOM: Final = {"Certificate", "HTTPRoute", "Issuer", "PodMonitor", "PrometheusRule"}
MINORS: Final = 3


@pytest.mark.parametrize("way", WAYS)
def test_lint_has_nothing_to_say(way: str):
    helm("lint", "--strict", CHART, "--values", WAYS[way], "--namespace", "suite")


def newest_minors() -> list[str]:
    major, minor = kubernetes_validate.latest_version().split(".")[:2]
    return [f"{major}.{int(minor) - back}" for back in range(MINORS)]


@pytest.mark.parametrize("version", newest_minors())
def test_every_object_is_what_that_kubernetes_takes(ways: dict[str, Objects], version: str):
    different = {json.dumps(item, sort_keys=True): item for objects in ways.values() for item in objects}
    validated = 0
    for item in different.values():
        if item["kind"] in CUSTOM:
            continue
        with warnings.catch_warnings():
            # Of the validator it is built on, not of what is validated.
            warnings.simplefilter("ignore", DeprecationWarning)
            kubernetes_validate.validate(item, version, strict=True)
        validated += 1
    assert validated > 100


def test_a_misspelt_field_would_be_noticed(ways: dict[str, Objects]):
    service = next(item for item in ways["default"] if item["kind"] == "Service")
    wrong = {**service, "spec": {**service["spec"], "clusterIp": "None"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, newest_minors()[0], strict=True)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_checkov_finds_no_fault(rendered: dict[str, Path]):
    subprocess.run([ROOT / "charts/charting/setup.sh"], check=True)
    folder = next(iter(rendered.values())).parent
    checkov = subprocess.run(
        [
            CACHE / "chart-tools/bin/checkov",
            *("--directory", folder, "--framework", "kubernetes", "--skip-download", "--compact"),
            *("--skip-check", ",".join(SKIPPED), "--output", "json", "--quiet"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    report = json.loads(checkov.stdout)
    failed = {
        f"{one['check_id']} {one['check_name']}: {one['resource']}"
        for one in report["results"]["failed_checks"]
    }
    assert failed == set()
    assert report["summary"]["passed"] > 1000
    assert report["summary"]["parsing_errors"] == 0


def test_names_of_kinds_without_a_schema_are_still_ours(ways: dict[str, Objects]):
    for objects in ways.values():
        for item in objects:
            if item["kind"] in CUSTOM:
                assert name_of(item).split("/")[1].startswith("suite-")

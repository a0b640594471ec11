"""A released chart names the images it was tested with, and nothing in the workflows moves by itself."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from charting.described import CHART
from charting.helm import ROOT
from charting.pin import pinned_chart, pinned_values

DIGESTS = {"gateway": "sha256:" + "1" * 64, "auth": "sha256:" + "2" * 64, "triage": "sha256:" + "3" * 64}
IMAGES = "ghcr.io/team/suite"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yaml"))


def images_listed(chart: dict[str, Any]) -> dict[str, str]:
    listed = yaml.safe_load(chart["annotations"]["artifacthub.io/images"])
    return {image["name"]: image["image"] for image in listed}


def test_the_chart_of_a_release_names_its_images_by_digest():
    text = (CHART / "values.yaml").read_text()
    values, before = yaml.safe_load(pinned_values(text, IMAGES, DIGESTS)), yaml.safe_load(text)

    assert {name: values[name]["image"].pop("digest") for name in DIGESTS} == DIGESTS
    assert (values["image"].pop("registry"), values["image"].pop("repository")) == ("ghcr.io", "team/suite")
    # And nothing else is another.
    for name in DIGESTS:
        del before[name]["image"]["digest"]
    del before["image"]["registry"], before["image"]["repository"]
    assert values == before


def test_the_chart_of_a_release_has_its_version():
    chart = yaml.safe_load(pinned_chart((CHART / "Chart.yaml").read_text(), "1.2.3", IMAGES))
    assert (chart["version"], chart["appVersion"]) == ("1.2.3", "1.2.3")
    listed = images_listed(chart)
    assert listed["auth"] == "ghcr.io/team/suite/auth:1.2.3"
    assert listed["postgres"].startswith("docker.io/library/postgres:")


def test_what_is_no_digest_is_not_put_in():
    with pytest.raises(ValueError, match="the digest of auth is none"):
        pinned_values((CHART / "values.yaml").read_text(), IMAGES, {"auth": "latest"})


def test_the_images_told_to_artifact_hub_are_those_of_the_values():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    listed = images_listed(chart)
    for name, key in (("postgres", "postgres"), ("valkey", "redis")):
        image = values[key]["image"]
        assert listed[name] == f"{image['registry']}/{image['repository']}:{image['tag']}"
    for name in DIGESTS:
        image = values["image"]
        assert listed[name] == f"{image['registry']}/{image['repository']}/{name}:{chart['appVersion']}"


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_pin_what_they_use_and_may_do_little(workflow: Path):
    text = workflow.read_text()
    told = yaml.safe_load(text)
    assert told["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] <= 90 for job in told["jobs"].values())
    used = re.findall(r"uses: (\S+)", text)
    assert used
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", one) for one in used)
    # An expression in a script is a way in for whoever names a branch.
    for job in told["jobs"].values():
        assert all("${{" not in step.get("run", "") for step in job["steps"])

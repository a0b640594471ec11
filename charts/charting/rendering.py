"""Renders the chart and reads what came out."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from charting import helm as finder
from charting.described import CHART

Object = dict[str, Any]
Objects = list[Object]

WAYS: Final[Mapping[str, Path]] = {
    file.name.removesuffix("-values.yaml"): file for file in sorted((CHART / "ci").glob("*-values.yaml"))
}


def helm(*arguments: str | Path) -> str:
    """What it printed.

    Raises:
        CalledProcessError: with what it said, in `stderr`.
    """
    return subprocess.run(
        [finder.tool("helm"), *arguments], check=True, capture_output=True, text=True, timeout=60
    ).stdout


def objects_of(text: str) -> Objects:
    return [document for document in yaml.load_all(text, Loader=_loader()) if document]


def _loader() -> type[yaml.SafeLoader]:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def of_kind(objects: Objects, *kinds: str) -> Iterator[Object]:
    return (item for item in objects if item["kind"] in kinds)


def name_of(item: Object) -> str:
    return f"{item['kind']}/{item['metadata']['name']}"


def pods(objects: Objects) -> Iterator[tuple[str, Object]]:
    """Each pod template, by the object it is in."""
    for item in of_kind(objects, "Deployment", "StatefulSet", "Job"):
        yield name_of(item), item["spec"]["template"]


def containers(pod: Object) -> Iterator[Object]:
    yield from pod["spec"].get("initContainers", [])
    yield from pod["spec"]["containers"]


def component(pod: Object) -> str:
    found: str = pod["metadata"]["labels"]["app.kubernetes.io/component"]
    return found

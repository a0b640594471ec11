"""Every way of installing the chart, rendered once."""

import concurrent.futures
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from charting.rendering import CHART, WAYS, Objects, helm, objects_of

Render = Callable[..., Objects]


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file for each of ci/*-values.yaml."""
    folder = tmp_path_factory.mktemp("rendered")

    def render(way: str) -> tuple[str, Path]:
        file = folder / f"{way}.yaml"
        file.write_text(helm("template", "suite", CHART, "--namespace", "suite", "--values", WAYS[way]))
        return way, file

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(pool.map(render, WAYS))


@pytest.fixture(scope="session")
def ways(rendered: dict[str, Path]) -> dict[str, Objects]:
    return {way: objects_of(file.read_text()) for way, file in rendered.items()}


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """The objects that values given by a test make, or CalledProcessError with what helm said."""

    def with_values(values: object, *more: str) -> Objects:
        file = tmp_path / "values.yaml"
        file.write_text(yaml.safe_dump(values))
        return objects_of(helm("template", "suite", CHART, "--namespace", "suite", "--values", file, *more))

    return with_values


@pytest.fixture
def refusal(render: Render) -> Callable[[object], str]:
    """What helm says to values it must not take."""

    def of(values: object) -> str:
        with pytest.raises(subprocess.CalledProcessError) as refused:
            render(values)
        said: str = refused.value.stderr
        return said

    return of

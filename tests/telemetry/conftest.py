"""What is asked of a real Prometheus runs where there is one; `make alerts` brings it."""

import os
from pathlib import Path

import pytest

from suite.watch import prometheus

PROGRAMS = ("prometheus", "promtool")
REQUIRED = "PROMETHEUS_REQUIRED"


def _missing() -> list[str]:
    return [name for name in PROGRAMS if prometheus.program(name) is None]


def pytest_configure(config: pytest.Config) -> None:
    del config
    if os.environ.get(REQUIRED) and _missing():
        raise pytest.UsageError(prometheus.ABSENT)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not _missing():
        return
    dropped = [item for item in items if item.get_closest_marker("prometheus")]
    items[:] = [item for item in items if item not in dropped]
    config.hook.pytest_deselected(items=dropped)


@pytest.fixture(scope="session")
def promtool() -> Path:
    found = prometheus.program("promtool")
    assert found is not None, prometheus.ABSENT
    return found


@pytest.fixture(scope="session")
def prometheus_server() -> Path:
    found = prometheus.program("prometheus")
    assert found is not None, prometheus.ABSENT
    return found

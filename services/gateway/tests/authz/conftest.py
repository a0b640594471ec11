"""A gateway that decides for proxies in front of a service of its team."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.testing.front import Front, fronting
from gateway.testing.origin import Origin, serving

ROUTES = """
routes:
  - {name: orders, prefix: /orders, methods: [GET, POST]}
  - {name: admin, prefix: /admin, methods: [GET], auth: {roles: [admin]}}
  - {name: news, prefix: /news, methods: [GET], auth: {access: public}}
  - {name: rare, prefix: /rare, methods: [GET], limits: [2/hour by route]}
  - {name: quiet, prefix: /quiet, methods: [GET], identity: none}
"""


_dropped = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Traefik is in no package: its tests run where the program is on PATH."""
    if shutil.which("traefik") is not None:
        return
    dropped = [item for item in items if item.get_closest_marker("traefik")]
    items[:] = [item for item in items if item not in dropped]
    config.stash[_dropped] = len(dropped)
    config.hook.pytest_deselected(items=dropped)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if count := config.stash.get(_dropped, 0):
        terminalreporter.write_line(f"{count} deselected: there is no traefik on PATH")


@pytest.fixture
async def orders() -> AsyncIterator[Origin]:
    """The service behind the proxy."""
    async with serving(Origin()) as origin:
        yield origin


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    path = tmp_path / "routes.yaml"
    path.write_text(ROUTES)
    async with fronting(path, trusted_proxies=("127.0.0.1/32",)) as started:
        yield started

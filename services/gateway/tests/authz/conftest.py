"""A gateway that decides for proxies in front of a service of its team."""

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

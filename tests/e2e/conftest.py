"""Where the promises are tested: at E2E_BASE_URL, or at a suite started for this run.

E2E_BASE_URL          the gateway, as clients reach it
E2E_USERNAME          an admin
E2E_PASSWORD          their password

Tests marked `local` break servers and processes, so they only run on a suite of their own.
"""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from suite.api import Api
from suite.plan import Account
from suite.run import Suite


@dataclass(frozen=True, slots=True)
class Target:
    base_url: str
    admin: Account


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    remote = "E2E_BASE_URL" in os.environ
    kept, dropped = [], []
    for item in items:
        ours = item.path.is_relative_to(here)
        if ours:
            # One worker and one suite for all of them, however many there are; said before xdist looks.
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("e2e"))
        (dropped if ours and remote and item.get_closest_marker("local") else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


def load_settings() -> dict[str, str]:
    """No limits, and passwords as cheap as they may be: neither is what most promises are about."""
    machine = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return machine | {"RATE_LIMIT_ENABLED": "false", "ENVIRONMENT": "test"}


@pytest.fixture(scope="session")
def suite(server_folder: Path) -> Iterator[Suite]:
    """The suite that the tests share; those that break it start their own."""
    with Suite(server_folder / "suite", env=load_settings()) as running:
        yield running


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    if base_url := os.environ.get("E2E_BASE_URL"):
        return Target(base_url.rstrip("/"), Account(os.environ["E2E_USERNAME"], os.environ["E2E_PASSWORD"]))
    suite: Suite = request.getfixturevalue("suite")
    return Target(suite.base_url, suite.admin)


@pytest.fixture
async def api(target: Target) -> AsyncIterator[Api]:
    # No cookies kept: each call says all there is to know.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Api(target.base_url, http, patient="E2E_BASE_URL" in os.environ)


@pytest.fixture
def admin(target: Target) -> Account:
    return target.admin

"""A gateway in front of an upstream that does what the test says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.testing.front import Front, fronting
from gateway.testing.origin import Origin, serving


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with serving(Origin()) as started:
        yield started


Start = Callable[..., Awaitable[Front]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """A gateway in front of what a routes file says; settings as keywords."""
    async with AsyncExitStack() as stack:

        async def begin(routes: str, **settings: object) -> Front:
            path = tmp_path / "routes.yaml"
            path.write_text(routes)
            return await stack.enter_async_context(fronting(path, **settings))

        yield begin

"""A model on a socket, for every test of asking one."""

from collections.abc import AsyncIterator

import pytest

from triage.testing.fake_model import FakeModel, fake_model


@pytest.fixture
async def fake() -> AsyncIterator[FakeModel]:
    async with fake_model() as serving:
        yield serving

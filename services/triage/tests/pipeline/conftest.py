"""The whole pipeline over text in memory, with a model on a socket and a clock that is turned by hand."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from chassis.testing import FrozenClock
from triage.testing.asking import Asked, Build
from triage.testing.fake_model import FakeModel


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
async def build(fake: FakeModel, clock: FrozenClock) -> AsyncIterator[Build]:
    async with AsyncExitStack() as stack:
        yield Build(stack, clock, fake.url)


@pytest.fixture
def asked(build: Build) -> Asked:
    return build()

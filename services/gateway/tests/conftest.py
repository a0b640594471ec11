"""A gateway of the real parts, in front of an auth that keeps the contract and nothing else."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from gateway.testing import until
from gateway.testing.servicers import Register, answering
from gateway.testing.stand_in import StandIn
from gateway.testing.whole import Gateway, GatewayFactory, running


@pytest.fixture
def more_services() -> list[Register]:
    """A test's own, beside those of the stand-in."""
    return []


@pytest.fixture
async def auth(more_services: list[Register]) -> AsyncIterator[StandIn]:
    async with answering(StandIn(), beside=more_services) as stand_in:
        yield stand_in


@pytest.fixture
async def start(auth: StandIn) -> AsyncIterator[GatewayFactory]:
    """Starts gateways with these settings, ready when they are returned."""
    async with AsyncExitStack() as stack:

        async def started(*, ready: bool = True, **environ: str) -> Gateway:
            gateway = await stack.enter_async_context(running(auth, **environ))
            if ready:
                await until(lambda: gateway.readiness.ready)
            return gateway

        yield started


@pytest.fixture
async def gateway(start: GatewayFactory) -> Gateway:
    return await start()

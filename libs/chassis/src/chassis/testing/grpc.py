"""A real gRPC server on a real loopback socket, its calls surrounded as in production."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from chassis.grpc.calls import VerifyToken
from chassis.grpc.client import open_channel
from chassis.grpc.server import serve
from chassis.lifecycle import Readiness
from chassis.security.tls import TlsFiles


@asynccontextmanager
async def serving(
    register: Callable[[grpc.aio.Server], None],
    *,
    verify: VerifyToken,
    public: frozenset[str] = frozenset(),
    unbounded: frozenset[str] = frozenset(),
    tls: TlsFiles | None = None,
) -> AsyncIterator[str]:
    """The address of a server that answers until the block is left."""
    async with AsyncExitStack() as stack:
        readiness = Readiness()
        readiness.serving(yes=True)
        port = await serve(
            stack,
            bind="127.0.0.1:0",
            register=register,
            services=(),
            readiness=readiness,
            verify=verify,
            public=public,
            unbounded=unbounded,
            tls=tls,
        )
        yield f"127.0.0.1:{port}"


@asynccontextmanager
async def channel_to(address: str, *, tls: TlsFiles | None = None) -> AsyncIterator[grpc.aio.Channel]:
    async with AsyncExitStack() as stack:
        yield open_channel(stack, address, tls=tls, authority="localhost" if tls else None)

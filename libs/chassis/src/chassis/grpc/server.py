"""A gRPC server the way every service runs one: health, reflection, surrounded calls, graceful end."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from chassis.grpc import keepalive
from chassis.grpc.calls import Surroundings, VerifyToken
from chassis.grpc.registering import surrounding
from chassis.lifecycle import Readiness
from chassis.observability.context import Sampler
from chassis.security.tls import TlsFiles, server_credentials

_GRACE_SECONDS: Final = 10.0
LIVE: Final = "live"


async def serve(
    stack: AsyncExitStack,
    *,
    bind: str,
    register: Callable[[grpc.aio.Server], None],
    services: Sequence[str],
    readiness: Readiness,
    verify: VerifyToken,
    public: frozenset[str],
    unbounded: frozenset[str] = frozenset(),
    tls: TlsFiles | None = None,
    sampler: Sampler | None = None,
    health_bind: str | None = None,
) -> int:
    """Starts serving and answers with the bound port.

    Args:
        stack: closes the server: no new calls, then running ones have their grace.
        bind: `host:port`; port 0 for any.
        register: adds the servicers.
        services: full names, for health and reflection.
        readiness: what health answers by.
        verify: proves access tokens.
        public: full names of methods that need no token.
        unbounded: full names of streams that may run without a deadline.
        tls: our certificate, key and CA, and a client must show one of that CA; None for plaintext.
        sampler: decides for traces that begin here.
        health_bind: `host:port` where health alone is served without TLS, for probes that have no
            certificate to show; there the service name `live` is answered while the loop turns.

    Raises:
        OSError: the address cannot be bound.
    """
    server = grpc.aio.server(options=keepalive.SERVER)
    around = Surroundings(verify=verify, public=public, unbounded=unbounded, sampler=sampler or Sampler(0.0))
    register(surrounding(server, around))
    # Health and reflection stay as they are: whoever may reach the port may ask for them.
    servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    _tell(servicer, readiness, services)
    reflection.enable_server_reflection((*services, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    try:
        credentials = server_credentials(tls)
        port = server.add_secure_port(bind, credentials) if credentials else server.add_insecure_port(bind)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {bind}") from error
    if health_bind is not None:
        # Opened first, so closed last: who drains is alive.
        await _serve_health(stack, servicer, health_bind)
    await server.start()
    stack.push_async_callback(server.stop, _GRACE_SECONDS)
    return port


async def _serve_health(stack: AsyncExitStack, servicer: health.aio.HealthServicer, bind: str) -> None:
    await servicer.set(LIVE, health_pb2.HealthCheckResponse.SERVING)
    server = grpc.aio.server(options=keepalive.SERVER)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    try:
        server.add_insecure_port(bind)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {bind}") from error
    await server.start()
    stack.push_async_callback(server.stop, None)


def _tell(servicer: health.aio.HealthServicer, readiness: Readiness, services: Sequence[str]) -> None:
    changes: set[asyncio.Task[None]] = set()

    def tell(ready: bool) -> None:  # noqa: FBT001  # the watcher's signature
        status = (
            health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        )
        # Once callable, always: while we drain there may be nobody else yet.
        for name in ("", *services, keepalive.CALLABLE) if ready else ("", *services):
            change = asyncio.ensure_future(servicer.set(name, status))
            changes.add(change)
            change.add_done_callback(changes.discard)

    readiness.on_change(tell)

from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.grpc.server import LIVE, serve
from chassis.lifecycle import Readiness
from chassis.security.tokens import Principal
from chassis.testing.pki import Authority
from suite.processes import free_port

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def nobody(token: str) -> Principal:
    raise AssertionError(token)


async def test_health_answers_without_a_certificate_where_everything_else_demands_one(tmp_path: Path):
    tls = Authority().issue(tmp_path, "localhost")
    readiness = Readiness()
    port = free_port()
    async with AsyncExitStack() as stack:
        await serve(
            stack,
            bind="127.0.0.1:0",
            register=lambda _server: None,
            services=(),
            readiness=readiness,
            verify=nobody,
            public=frozenset(),
            tls=tls,
            health_bind=f"127.0.0.1:{port}",
        )
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            health = health_pb2_grpc.HealthStub(channel)

            async def status(service: str = "") -> int:
                return (await health.Check(health_pb2.HealthCheckRequest(service=service))).status

            # Alive from the start, ready when the service says so, and alive still when it no longer is.
            assert (await status(LIVE), await status()) == (SERVING, NOT_SERVING)
            readiness.serving(yes=True)
            assert (await status(LIVE), await status()) == (SERVING, SERVING)
            readiness.serving(yes=False)
            assert (await status(LIVE), await status()) == (SERVING, NOT_SERVING)


async def test_a_health_port_that_cannot_be_had_is_told():
    async with AsyncExitStack() as stack:
        with pytest.raises(OSError, match="cannot listen on nowhere"):
            await serve(
                stack,
                bind="127.0.0.1:0",
                register=lambda _server: None,
                services=(),
                readiness=Readiness(),
                verify=nobody,
                public=frozenset(),
                health_bind="nowhere.invalid:1",
            )

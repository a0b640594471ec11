"""The program itself: it starts, answers its health while it reads, obeys a revocation, ends when told."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.testing.grpc import channel_to
from reliability.triage.v1 import triage_pb2 as pb
from reliability.triage.v1 import triage_pb2_grpc as rpc

pytestmark = pytest.mark.alone

LINE = b"2026-03-01T10:00:00.000Z ERROR shop: order 17 of mary.major@example.com failed\n"
START = pb.SummarizeRequest(start=pb.Start(source=pb.SOURCE_KIND_PUSHED))
CONFIGURED = pb.SummarizeRequest(start=pb.Start(source=pb.SOURCE_KIND_CONFIGURED))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Program:
    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self.process = process
        self.address = address


@asynccontextmanager
async def started(auth_address: str, folder: Path) -> AsyncIterator[Program]:
    address = f"127.0.0.1:{free_port()}"
    log = folder / "app.log"
    log.write_bytes(LINE * 10)
    env = {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "test",
        "GRPC_BIND": address,
        "AUTH_GRPC_TARGET": f"ipv4:{auth_address}",
        "TRIAGE_SOURCE": "file",
        "TRIAGE_LOG_FILE": str(log),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "triage", env=env, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield Program(process, address)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def program(auth: Any, tmp_path: Path) -> AsyncIterator[Program]:
    async with started(auth.address, tmp_path) as program, channel_to(program.address) as channel:
        await until_serving(channel)
        yield program


async def test_it_wants_no_traffic_before_it_knows_whom_to_trust(auth: Any, tmp_path: Path) -> None:
    # A channel of ours asks nobody who is not ready; a probe does.
    async with (
        started(f"127.0.0.1:{free_port()}", tmp_path) as alone,
        grpc.aio.insecure_channel(alone.address) as channel,
    ):
        stub = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=20, wait_for_ready=True)

    assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def until_serving(channel: grpc.aio.Channel) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    asked = health_pb2.HealthCheckRequest(service="reliability.triage.v1.TriageService")
    async with asyncio.timeout(20):
        while True:
            try:
                answer = await stub.Check(asked, timeout=1)
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.05)


async def summary(stub: rpc.TriageServiceStub, token: str, *parts: pb.SummarizeRequest) -> pb.Summary:
    call = stub.Summarize(iter(parts), metadata=(("authorization", f"Bearer {token}"),), timeout=60)
    answered = [part async for part in call]
    return answered[-1].summary


async def test_it_reads_what_it_is_configured_to(program: Program, auth: Any) -> None:
    async with channel_to(program.address) as channel:
        found = await summary(rpc.TriageServiceStub(channel), auth.token(), CONFIGURED)

    assert found.reading.errors == 10
    assert "mary.major" not in str(found)


async def test_health_is_answered_while_a_large_log_is_read(program: Program, auth: Any) -> None:
    chunks = [pb.SummarizeRequest(chunk=LINE * 700)] * 150
    async with channel_to(program.address) as channel, channel_to(program.address) as probes:
        reading = asyncio.create_task(summary(rpc.TriageServiceStub(channel), auth.token(), START, *chunks))
        slowest, probed = 0.0, 0
        while not reading.done():
            began = time.monotonic()
            await until_serving(probes)
            slowest, probed = max(slowest, time.monotonic() - began), probed + 1
            await asyncio.sleep(0.02)
        found = await reading

    assert found.reading.errors == 105_000
    assert probed > 5
    assert slowest < 1.0


async def test_a_session_that_ended_may_read_no_more_logs(program: Program, auth: Any) -> None:
    async with channel_to(program.address) as channel:
        stub = rpc.TriageServiceStub(channel)
        await summary(stub, auth.token(), CONFIGURED)
        auth.revoke_session("s-1")

        async with asyncio.timeout(5):
            while True:
                try:
                    await summary(stub, auth.token(), CONFIGURED)
                except grpc.aio.AioRpcError as refused:
                    if refused.code() is grpc.StatusCode.UNAUTHENTICATED:
                        break
        assert (await summary(stub, auth.token(sid="s-2"), CONFIGURED)).reading.errors == 10


@pytest.mark.parametrize("changed", [{"aud": "other"}, {"iss": "other"}, {"exp": 1_700_000_000}])
async def test_a_token_of_another_place_or_time_is_nobodys(program: Program, auth: Any, changed: Any) -> None:
    async with channel_to(program.address) as channel:
        token = auth.token(**changed)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await rpc.TriageServiceStub(channel).GetSummary(
                pb.GetSummaryRequest(id="x"), metadata=(("authorization", f"Bearer {token}"),), timeout=5
            )
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_it_ends_when_told_and_its_readers_with_it(program: Program) -> None:
    program.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        assert await program.process.wait() == 0

"""Triage over gRPC: who may ask, what may be sent, and that an answer comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest

from chassis.clock import SystemClock
from chassis.errors import ServiceError, Unauthenticated
from chassis.grpc.status import to_error
from chassis.security.tokens import Principal
from chassis.testing.grpc import channel_to, serving
from reliability.triage.v1 import triage_pb2 as pb
from reliability.triage.v1 import triage_pb2_grpc as rpc
from triage.app import triage
from triage.servicer import TriageServicer
from triage.settings import Settings
from triage.sources.file import FileSource

LOG = b"".join(
    b"2026-03-01T10:00:%02d.000Z %s orders: payment %d of mary.major@example.com failed\n"
    % (i % 60, b"ERROR" if i % 5 == 0 else b"INFO", i)
    for i in range(1000)
)
ADMIN = (("authorization", "Bearer admin"),)
USER = (("authorization", "Bearer user"),)


async def verify(token: str) -> Principal:
    if token not in ("admin", "user"):
        raise Unauthenticated
    return Principal(token, "s", "j", token, token, "c", 0, 1 << 40)  # type: ignore[arg-type]  # checked above


@pytest.fixture
async def stub(tmp_path: Path) -> AsyncIterator[rpc.TriageServiceStub]:
    log = tmp_path / "app.log"
    log.write_bytes(LOG)
    settings = Settings(environment="test")
    async with AsyncExitStack() as stack:
        servicer = TriageServicer(await triage(stack, settings, SystemClock()), FileSource(log, rotated=0))
        address = await stack.enter_async_context(
            serving(lambda server: rpc.add_TriageServiceServicer_to_server(servicer, server), verify=verify)
        )
        yield rpc.TriageServiceStub(await stack.enter_async_context(channel_to(address)))


def pushed(*chunks: bytes) -> list[pb.SummarizeRequest]:
    start = pb.SummarizeRequest(start=pb.Start(source=pb.SOURCE_KIND_PUSHED))
    return [start, *(pb.SummarizeRequest(chunk=chunk) for chunk in chunks)]


def chunked(log: bytes, size: int = 10_000) -> list[bytes]:
    return [log[at : at + size] for at in range(0, len(log), size)]


async def answered(call: Any) -> tuple[list[pb.Progress], pb.Summary]:
    parts = [part async for part in call]
    progress, summary = parts[:-1], parts[-1]
    assert all(part.WhichOneof("part") == "progress" for part in progress)
    return [part.progress for part in progress], summary.summary


async def sent(*parts: Any) -> AsyncIterator[Any]:
    """These, and then nothing: a client that is refused while it still writes may not learn why."""
    for part in parts:
        yield part
    await asyncio.Event().wait()


async def outcome(call: Any) -> object:
    return [part async for part in call] if hasattr(call, "__aiter__") else await call


async def failure(call: Any) -> ServiceError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await outcome(call)
    error = to_error(caught.value, peer="triage")
    assert error is not None, caught.value
    assert error is not None
    return error


async def test_pushed_lines_become_a_summary_whatever_the_chunks(stub: rpc.TriageServiceStub) -> None:
    progress, summary = await answered(
        stub.Summarize(iter(pushed(*chunked(LOG, 997))), metadata=ADMIN, timeout=30)
    )

    assert summary.reading.lines == 1000
    assert summary.reading.errors == 200
    assert summary.source == pb.ANSWER_SOURCE_EXTRACTIVE
    assert sum(group.count for group in summary.groups) == 200
    assert "mary.major" not in str(summary)
    assert summary.redactions.total == 200
    assert progress[-1].stage == pb.STAGE_DONE


async def test_the_configured_file_is_read_and_its_summary_can_be_fetched_again(
    stub: rpc.TriageServiceStub,
) -> None:
    start = pb.SummarizeRequest(start=pb.Start(source=pb.SOURCE_KIND_CONFIGURED))
    _, summary = await answered(stub.Summarize(iter([start]), metadata=ADMIN, timeout=30))

    again = await stub.GetSummary(pb.GetSummaryRequest(id=summary.id), metadata=ADMIN, timeout=5)

    assert summary.reading.errors == 200
    assert again.summary == summary


async def test_an_unknown_summary_is_not_found(stub: rpc.TriageServiceStub) -> None:
    for unknown in ("nobody-knows-me", "x" * 10_000, ""):
        error = await failure(stub.GetSummary(pb.GetSummaryRequest(id=unknown), metadata=ADMIN, timeout=5))
        assert error.reason == "SUMMARY_NOT_FOUND"


async def test_without_a_model_a_preview_is_what_one_would_be_sent_and_has_no_address(
    stub: rpc.TriageServiceStub,
) -> None:
    start = pb.PreviewRequest(start=pb.Start(source=pb.SOURCE_KIND_CONFIGURED))
    preview = await stub.Preview(iter([start]), metadata=ADMIN, timeout=30)

    assert b"<EMAIL_1>" in preview.request_body
    assert preview.estimated_tokens == -(-len(preview.request_body) // 3)
    assert preview.endpoint == ""
    assert preview.reading.errors == preview.redactions.total == 200


async def test_only_an_administrator_may_read_logs(stub: rpc.TriageServiceStub) -> None:
    calls = (
        stub.Summarize(sent(), metadata=USER, timeout=5),
        stub.Preview(sent(), metadata=USER, timeout=5),
        stub.GetSummary(pb.GetSummaryRequest(id="x"), metadata=USER, timeout=5),
    )
    assert {(await failure(call)).reason for call in calls} == {"ADMIN_REQUIRED"}


async def test_one_who_may_not_is_told_why_even_while_sending(stub: rpc.TriageServiceStub) -> None:
    for _ in range(5):
        call = stub.Summarize(iter(pushed(*chunked(LOG))), metadata=USER, timeout=10)
        assert (await failure(call)).reason == "ADMIN_REQUIRED"


async def test_nobody_is_nobody(stub: rpc.TriageServiceStub) -> None:
    calls = (
        stub.Summarize(sent(), timeout=5),
        stub.Preview(sent(), timeout=5),
        stub.GetSummary(pb.GetSummaryRequest(id="x"), timeout=5),
    )
    assert {(await failure(call)).reason for call in calls} == {"UNAUTHENTICATED"}


@pytest.mark.parametrize(
    "parts",
    [
        [pb.SummarizeRequest(chunk=b"ERROR no start\n")],
        [pb.SummarizeRequest(start=pb.Start())],
    ],
)
async def test_the_first_message_must_name_a_source(
    stub: rpc.TriageServiceStub, parts: list[pb.SummarizeRequest]
) -> None:
    assert (await failure(stub.Summarize(sent(*parts), metadata=ADMIN, timeout=5))).reason == "INVALID_SOURCE"


@pytest.mark.parametrize(
    "bad", [pb.SummarizeRequest(chunk=b"x" * 65_537), pb.SummarizeRequest(start=pb.Start())]
)
async def test_after_the_start_only_chunks_of_64_kib_may_follow(
    stub: rpc.TriageServiceStub, bad: pb.SummarizeRequest
) -> None:
    error = await failure(stub.Summarize(sent(*pushed(b"ERROR x\n"), bad), metadata=ADMIN, timeout=5))
    assert error.reason == "INVALID_REQUEST"

    _, summary = await answered(stub.Summarize(iter(pushed(LOG[:5000])), metadata=ADMIN, timeout=30))
    assert summary.reading.bytes == 5000


async def test_a_caller_who_goes_away_frees_the_reader(stub: rpc.TriageServiceStub) -> None:
    never = asyncio.Event()

    async def dripping() -> AsyncIterator[pb.SummarizeRequest]:
        for part in pushed(LOG[:5000]):
            yield part
        await never.wait()

    for _ in range(3):
        call = stub.Summarize(dripping(), metadata=ADMIN, timeout=30)
        reading = asyncio.ensure_future(answered(call))
        await asyncio.wait({reading}, timeout=0.05)
        call.cancel()
        await asyncio.wait({reading})

    _, summary = await answered(stub.Summarize(iter(pushed(*chunked(LOG))), metadata=ADMIN, timeout=30))
    assert summary.reading.lines == 1000

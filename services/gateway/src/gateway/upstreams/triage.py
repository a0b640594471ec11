"""Triage, asked in the caller's own name; lines are passed on as they come."""

from collections.abc import AsyncIterator

import grpc

from chassis import deadline
from chassis.errors import Unavailable
from chassis.grpc.client import call, metadata
from chassis.grpc.status import to_error
from gateway.shapes import triage as shapes
from gateway.upstreams.triage_shapes import preview, progress, summary
from reliability.triage.v1 import triage_pb2 as pb
from reliability.triage.v1 import triage_pb2_grpc as rpc

PEER = "triage"
IDEMPOTENT = ("/reliability.triage.v1.TriageService/GetSummary",)
_CHUNK = 64 * 1024
_RETRY_SECONDS = 1.0

Lines = AsyncIterator[bytes]


class TriageUpstream:
    def __init__(self, channel: grpc.aio.Channel, *, seconds: float) -> None:
        self._triage = rpc.TriageServiceStub(channel)
        self._seconds = seconds

    async def summarize(
        self, token: str, lines: Lines | None, *, fresh: bool = False
    ) -> AsyncIterator[shapes.Progress | shapes.Summary]:
        """Progress, then one summary; of what triage is configured to read when there are no lines.

        Raises:
            ServiceError: as triage said.
        """
        asked = (pb.SummarizeRequest(start=start) if start else pb.SummarizeRequest(chunk=chunk)
                 async for start, chunk in _parts(lines, fresh=fresh))  # fmt: skip
        under_way = self._triage.Summarize(
            asked, timeout=deadline.at_most(self._seconds), metadata=metadata(token)
        )
        try:
            async for message in under_way:
                if message.WhichOneof("part") == "progress":
                    yield progress(message.progress)
                else:
                    yield summary(message.summary)
        except grpc.aio.AioRpcError as failed:
            raise (
                to_error(failed, peer=PEER)
                or Unavailable(reason="UPSTREAM_BROKEN", retry_after=_RETRY_SECONDS)
            ) from failed
        finally:
            under_way.cancel()

    async def summary_of(self, token: str, lines: Lines | None, *, fresh: bool = False) -> shapes.Summary:
        """The summary alone."""
        async for part in self.summarize(token, lines, fresh=fresh):
            if isinstance(part, shapes.Summary):
                return part
        raise Unavailable(
            "Triage ended without an answer; try again.",
            reason="UPSTREAM_BROKEN",
            retry_after=_RETRY_SECONDS,
        )

    async def preview(self, token: str, lines: Lines | None) -> shapes.Preview:
        asked = (pb.PreviewRequest(start=start) if start else pb.PreviewRequest(chunk=chunk)
                 async for start, chunk in _parts(lines, fresh=False))  # fmt: skip
        try:
            answer = await self._triage.Preview(
                asked, timeout=deadline.at_most(self._seconds), metadata=metadata(token)
            )
        except grpc.aio.AioRpcError as failed:
            raise (
                to_error(failed, peer=PEER)
                or Unavailable(reason="UPSTREAM_BROKEN", retry_after=_RETRY_SECONDS)
            ) from failed
        return preview(answer)

    async def get(self, token: str, summary_id: str) -> shapes.Summary:
        answer = await call(
            self._triage.GetSummary, pb.GetSummaryRequest(id=summary_id), peer=PEER, seconds=5.0, token=token
        )
        return summary(answer.summary)


async def _parts(lines: Lines | None, *, fresh: bool) -> AsyncIterator[tuple[pb.Start | None, bytes]]:
    source = pb.SOURCE_KIND_CONFIGURED if lines is None else pb.SOURCE_KIND_PUSHED
    yield pb.Start(source=source, fresh=fresh), b""
    if lines is not None:
        async for chunk in lines:
            for at in range(0, len(chunk), _CHUNK):
                yield None, chunk[at : at + _CHUNK]

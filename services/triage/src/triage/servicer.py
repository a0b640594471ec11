"""Translates between the wire and triage; who may ask is decided here, everything else behind it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import Forbidden, Invalid, ServiceError
from chassis.security.tokens import Principal, current_principal
from reliability.triage.v1 import triage_pb2 as pb
from reliability.triage.v1 import triage_pb2_grpc as rpc
from triage.domain.answer import AnswerSource, GroupReport, Stage, Summary
from triage.domain.model import Finding, Reading, RedactionCount
from triage.pipeline import Triage
from triage.sources.failures import InvalidSource
from triage.sources.pushed import PushedSource
from triage.sources.source import Source

_MAX_CHUNK: Final = 64 * 1024
_HEARD_SECONDS: Final = 0.5
_STAGES: Final = {
    Stage.READING: pb.STAGE_READING,
    Stage.GROUPING: pb.STAGE_GROUPING,
    Stage.MODEL: pb.STAGE_MODEL,
    Stage.DONE: pb.STAGE_DONE,
}
_SOURCES: Final = {
    AnswerSource.MODEL: pb.ANSWER_SOURCE_MODEL,
    AnswerSource.CACHED: pb.ANSWER_SOURCE_CACHED,
    AnswerSource.EXTRACTIVE: pb.ANSWER_SOURCE_EXTRACTIVE,
}


class TriageServicer(rpc.TriageServiceServicer):
    """`configured` is what the service itself reads; None where nothing is set."""

    def __init__(self, triage: Triage, configured: Source | None) -> None:
        self._triage = triage
        self._configured = configured

    async def Summarize(
        self, request_iterator: AsyncIterator[pb.SummarizeRequest], context: Any
    ) -> AsyncIterator[pb.SummarizeResponse]:
        del context
        async with _heard_out(request_iterator), aclosing(self._summarize(request_iterator)) as answer:
            async for told in answer:
                yield told

    async def _summarize(
        self, request_iterator: AsyncIterator[pb.SummarizeRequest]
    ) -> AsyncGenerator[pb.SummarizeResponse]:
        who = _admin()
        start = await _start(request_iterator)
        source = self._source(start, request_iterator, who)
        said: asyncio.Queue[pb.SummarizeResponse] = asyncio.Queue(maxsize=16)

        async def progress(stage: Stage, reading: Reading) -> None:
            # A caller who does not listen misses progress, and holds up nothing.
            if not said.full():
                told = pb.Progress(stage=_STAGES[stage], reading=_reading(reading))
                said.put_nowait(pb.SummarizeResponse(progress=told))

        work = asyncio.ensure_future(
            self._triage.summarize(source, user=who.sub, fresh=start.fresh, progress=progress)
        )
        try:
            async for told in _until(work, said):
                yield told
            yield pb.SummarizeResponse(summary=_summary(await work))
        finally:
            work.cancel()
            await asyncio.wait({work})

    async def Preview(
        self, request_iterator: AsyncIterator[pb.PreviewRequest], context: Any
    ) -> pb.PreviewResponse:
        del context
        async with _heard_out(request_iterator):
            who = _admin()
            start = await _start(request_iterator)
            preview = await self._triage.preview(self._source(start, request_iterator, who))
        return pb.PreviewResponse(
            request_body=preview.request_body,
            endpoint=preview.endpoint,
            estimated_tokens=preview.estimated_tokens,
            reading=_reading(preview.reading),
            redactions=_redactions(preview.redactions),
        )

    async def GetSummary(self, request: pb.GetSummaryRequest, context: Any) -> pb.GetSummaryResponse:
        del context
        _admin()
        return pb.GetSummaryResponse(summary=_summary(await self._triage.summary(request.id)))

    def _source(self, start: pb.Start, parts: AsyncIterator[Any], who: Principal) -> Source:
        if start.source == pb.SOURCE_KIND_PUSHED:
            return PushedSource(_chunks(parts), user=who.sub)
        if start.source == pb.SOURCE_KIND_CONFIGURED and self._configured is not None:
            return self._configured
        raise InvalidSource


@asynccontextmanager
async def _heard_out(parts: AsyncIterator[Any]) -> AsyncIterator[None]:
    """Lets a caller who is refused finish a little: gRPC does not reliably tell one who still writes why."""
    try:
        yield
    except ServiceError:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HEARD_SECONDS):
                async for _ in parts:
                    pass
        raise


def _admin() -> Principal:
    who = current_principal()
    if who.role != "admin":
        raise Forbidden("Only an administrator may read logs.", reason="ADMIN_REQUIRED")
    return who


async def _start(parts: AsyncIterator[Any]) -> pb.Start:
    first = await anext(aiter(parts), None)
    if first is None or first.WhichOneof("part") != "start":
        raise InvalidSource("The first message must be the start.")
    start: pb.Start = first.start
    return start


async def _chunks(parts: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    async for part in parts:
        if part.WhichOneof("part") != "chunk":
            raise Invalid("After the start only chunks may follow.")
        if len(part.chunk) > _MAX_CHUNK:
            raise Invalid("A chunk is at most 64 KiB.")
        yield part.chunk


async def _until(
    work: asyncio.Future[Summary], said: asyncio.Queue[pb.SummarizeResponse]
) -> AsyncIterator[pb.SummarizeResponse]:
    """Progress as it comes, until the work is done and everything it said is told."""
    while not (work.done() and said.empty()):
        heard = asyncio.ensure_future(said.get())
        try:
            both: tuple[asyncio.Future[Any], ...] = (work, heard)
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if heard.done():
                yield heard.result()
        finally:
            heard.cancel()


def _summary(summary: Summary) -> pb.Summary:
    message = pb.Summary(
        id=summary.id,
        created_at=_time(summary.created_at),
        source=_SOURCES[summary.source],
        age_seconds=summary.age_seconds,
        stale=summary.stale,
        severity=pb.Severity.Value(f"SEVERITY_{summary.severity.name}"),
        headline=summary.headline,
        text=summary.text,
        findings=[_finding(finding) for finding in summary.findings],
        groups=[_group(report) for report in summary.groups],
        suspected_first_cause=summary.suspected_first_cause,
        reading=_reading(summary.reading),
        redactions=_redactions(summary.redactions),
        dropped=[pb.DroppedClaim(reason=reason, count=count) for reason, count in summary.dropped],
    )
    if (use := summary.model) is not None:
        message.model.CopyFrom(
            pb.ModelUse(
                model=use.model,
                input_tokens=use.input_tokens,
                output_tokens=use.output_tokens,
                cost=use.cost,
                calls=use.calls,
                outcome=use.outcome,
            )
        )
    return message


def _finding(finding: Finding) -> pb.Finding:
    return pb.Finding(
        title=finding.title,
        explanation=finding.explanation,
        severity=pb.Severity.Value(f"SEVERITY_{finding.severity.name}"),
        citations=[pb.Citation(group_id=cited.group_id, quote=cited.quote) for cited in finding.citations],
        next_step=finding.next_step,
    )


def _group(report: GroupReport) -> pb.Group:
    group = report.group
    return pb.Group(
        id=group.id,
        template=group.template,
        level=group.level.name,
        count=group.count,
        first_seen=_time(group.first_seen),
        last_seen=_time(group.last_seen),
        example=group.example,
        trace_id=group.trace_id,
        root_cause=report.root_cause,
        hint=report.hint,
        rate_per_minute=report.rate_per_minute,
        first_line=group.first_line,
    )


def _reading(reading: Reading) -> pb.Reading:
    return pb.Reading(
        bytes=reading.bytes,
        lines=reading.lines,
        records=reading.records,
        errors=reading.errors,
        groups=reading.groups,
        groups_overflowed=reading.groups_overflowed,
        lines_truncated=reading.lines_truncated,
        input_truncated=reading.input_truncated,
        first_seen=_time(reading.first_seen),
        last_seen=_time(reading.last_seen),
    )


def _redactions(counts: Iterable[RedactionCount]) -> pb.RedactionReport:
    rules = [pb.RedactionCount(rule=c.rule, count=c.count, lines=c.lines) for c in counts]
    return pb.RedactionReport(rules=rules, total=sum(rule.count for rule in rules))


def _time(at: datetime | None) -> Timestamp | None:
    if at is None:
        return None
    message = Timestamp()
    message.FromDatetime(at)
    return message

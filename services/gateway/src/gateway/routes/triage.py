"""Error logs in, a redacted and verified summary out."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from gateway.limits.local_ring import slow
from gateway.problems import Problem
from gateway.routes.context import Context, Refused, Token, never_stored, problems
from gateway.shapes.strict import Id
from gateway.shapes.triage import Preview, Progress, Summary

_LINES = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"minLength": 1}, "example": '{"level":"error","msg":"disk full"}\n'}
            for kind in ("text/plain", "application/x-ndjson")
        },
    }
}
_EVENTS = "text/event-stream"
_TAKEN = frozenset({"text/plain", "application/x-ndjson", "application/octet-stream"})
_REFUSALS = problems(400, 401, 403, 408, 413, 415, 429, 503)
_NOT_LINES = Problem(
    status=415, reason="NOT_LINES", detail="Send log lines as text/plain or application/x-ndjson."
)

_NO_LINES = Problem(status=400, reason="NO_LINES", detail="Send the log lines as the body.")


def triage_routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["Triage"])
    ring, triage = context.ring, context.triage
    limit = slow(context.settings.rate_limit_triage)

    @router.get(
        "/debug/summarize-errors", operation_id="summarize_errors", responses=problems(401, 403, 429, 503)
    )
    @ring.limit(limit)
    async def summarize_errors(
        request: Request, response: Response, token: Token, *, fresh: Annotated[bool, Query()] = False
    ) -> Summary:
        """Summarizes the log that triage is configured to read; `fresh` asks the model again."""
        del request
        never_stored(response)
        return await triage.summary_of(token, None, fresh=fresh)

    @router.post(
        "/triage",
        operation_id="triage",
        responses={**_REFUSALS, 200: {"content": {_EVENTS: {"schema": {"type": "string"}}}}},
        openapi_extra=_LINES,
        response_model=Summary,
    )
    @ring.limit(limit)
    async def summarize(
        request: Request, response: Response, token: Token, *, fresh: Annotated[bool, Query()] = False
    ) -> Summary | Response:
        """Summarizes the lines of the body; with `Accept: text/event-stream`, tells its progress."""
        lines = _lines(request)
        if _EVENTS in request.headers.get("accept", ""):
            parts = triage.summarize(token, lines, fresh=fresh)
            # The first part decides whether this is an answer or a refusal.
            first = await anext(parts)
            return StreamingResponse(
                _events(first, parts), media_type=_EVENTS, headers={"Cache-Control": "no-store"}
            )
        never_stored(response)
        return await triage.summary_of(token, lines, fresh=fresh)

    @router.post("/triage/preview", operation_id="preview_triage", responses=_REFUSALS, openapi_extra=_LINES)
    @ring.limit(limit)
    async def preview(request: Request, response: Response, token: Token) -> Preview:
        """What a model would be sent for these lines, byte for byte; nothing is sent."""
        never_stored(response)
        return await triage.preview(token, _lines(request))

    @router.get(
        "/triage/{summary_id}", operation_id="get_summary", responses=problems(401, 403, 404, 429, 503)
    )
    @ring.limit(limit)
    async def get_summary(
        request: Request, response: Response, token: Token, summary_id: Annotated[Id, Path()]
    ) -> Summary:
        """An earlier summary, for as long as it is kept."""
        del request
        never_stored(response)
        return await triage.get(token, summary_id)

    return router


def _lines(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes.

    Raises:
        Refused: the body is something else than lines.
    """
    if request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
        raise Refused(_NO_LINES)
    if request.headers.get("content-type", "text/plain").partition(";")[0].strip().lower() not in _TAKEN:
        raise Refused(_NOT_LINES)
    return request.stream()


async def _events(
    first: Progress | Summary, parts: AsyncIterator[Progress | Summary]
) -> AsyncIterator[bytes]:
    yield _event(first)
    async for part in parts:
        yield _event(part)


def _event(part: Progress | Summary) -> bytes:
    name = "summary" if isinstance(part, Summary) else "progress"
    return f"event: {name}\ndata: {part.model_dump_json()}\n\n".encode()

"""Error logs in, a redacted and verified summary out."""

from fastapi import APIRouter, Request

from gateway.limits.local_ring import slow
from gateway.routes.context import Context, Token, problems
from gateway.shapes.triage import Summary


def triage_routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["Triage"])
    ring, triage = context.ring, context.triage

    @router.get(
        "/debug/summarize-errors",
        operation_id="summarize_errors",
        responses=problems(401, 403, 429, 503),
    )
    @ring.limit(slow(context.settings.rate_limit_triage))
    async def summarize_errors(request: Request, token: Token, *, fresh: bool = False) -> Summary:
        """Summarizes the log that triage is configured to read. `fresh` asks the model again."""
        del request
        return await triage.summary_of(token, None, fresh=fresh)

    return router

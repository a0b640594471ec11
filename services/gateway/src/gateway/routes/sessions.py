"""Your own sessions: seen, and ended one by one or all at once."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from gateway.routes.context import Asked, Context, Token, ended_here, never_stored, problems
from gateway.shapes.sign_in import SessionList, SessionsEnded
from gateway.shapes.strict import Id


def session_routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["Sessions"])
    auth = context.auth

    @router.get("/sessions", operation_id="list_sessions", responses=problems(401, 429, 503))
    async def list_sessions(token: Token, response: Response) -> SessionList:
        """Your live sessions, latest first."""
        never_stored(response)
        return SessionList(sessions=await auth.sessions(token))

    @router.delete("/sessions", operation_id="end_all_sessions", responses=problems(401, 429, 503))
    async def end_all_sessions(token: Token, found: Asked) -> SessionsEnded:
        """Ends every session of yours, this one too."""
        ended = await auth.end_all_sessions(token)
        ended_here(context, found)
        return SessionsEnded(ended=ended)

    @router.delete(
        "/sessions/{session_id}",
        operation_id="end_session",
        status_code=204,
        responses=problems(401, 404, 429, 503),
    )
    async def end_session(token: Token, found: Asked, session_id: Annotated[Id, Path()]) -> None:
        """Ends one of your sessions."""
        await auth.end_session(token, session_id)
        ended_here(context, found, session_id)

    return router

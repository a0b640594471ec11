"""Routes that break things on purpose: for demonstrations and tests, admin only, never in production."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from gateway.routes.context import Context, problems
from gateway.shapes.strict import Told

_REFUSALS = problems(401, 403, 429)


class Simulation(Told):
    state: Literal["on", "off"]


class Slept(Told):
    seconds: float


class Forced(Exception):
    """Asked for; stands for any bug."""


def chaos_routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["Chaos"])

    @router.post("/simulate-failure/{state}", operation_id="simulate_failure", responses=_REFUSALS)
    async def simulate_failure(state: bool) -> Simulation:  # noqa: FBT001  # a path has no keywords
        """Turns this replica unready (`on`, `true`, `1`), or ready again (`off`, `false`, `0`)."""
        context.readiness.need("simulated", met=not state)
        return Simulation(state="on" if state else "off")

    @router.get("/force-error", operation_id="force_error", responses=problems(401, 403, 429, 500))
    async def force_error() -> None:
        """Fails as a bug would."""
        raise Forced

    @router.get("/slow", operation_id="slow", responses=_REFUSALS)
    async def slow(seconds: Annotated[float, Query(ge=0, le=10)] = 2.0) -> Slept:
        """Answers late."""
        await asyncio.sleep(seconds)
        return Slept(seconds=seconds)

    return router

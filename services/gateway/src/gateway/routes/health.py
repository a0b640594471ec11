"""Health for people and load balancers on the public port; probes have a port of their own."""

from typing import Literal

from fastapi import APIRouter, Request, Response

from gateway.limits.local_ring import slow
from gateway.routes.context import Context, problems
from gateway.shapes.strict import Told


class Health(Told):
    status: Literal["ok"] = "ok"


class Ready(Told):
    status: Literal["ready", "not ready"]


def health_routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["Health"])

    @router.get("/health", operation_id="health", responses=problems(429))
    @context.ring.limit(slow(context.settings.rate_limit_health))
    async def health(request: Request) -> Health:
        """This process answers."""
        del request
        return Health()

    @router.get("/ready", operation_id="ready", responses={**problems(429), 503: {"model": Ready}})
    async def ready(response: Response) -> Ready:
        """This process wants traffic."""
        if context.readiness.ready:
            return Ready(status="ready")
        response.status_code = 503
        return Ready(status="not ready")

    return router

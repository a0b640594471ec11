"""What the handlers of the gateway's own routes work with, and what a refusal of theirs is."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from slowapi import Limiter as SlowLimiter

from chassis.errors import Unauthenticated
from chassis.lifecycle import Readiness
from gateway.exchange import Exchange, exchange
from gateway.limits.limiter import Limiter
from gateway.problems import Problem
from gateway.settings import GatewaySettings
from gateway.telemetry import LimitMetrics
from gateway.upstreams.auth import AuthUpstream, Device
from gateway.upstreams.oversight import OversightUpstream
from gateway.upstreams.triage import TriageUpstream
from gateway.upstreams.users import UsersUpstream
from gateway.upstreams.verification import VerificationUpstream


@dataclass(frozen=True, slots=True)
class Context:
    settings: GatewaySettings
    auth: AuthUpstream
    users: UsersUpstream
    oversight: OversightUpstream
    triage: TriageUpstream
    verification: VerificationUpstream
    limiter: Limiter | None
    ring: SlowLimiter
    limits: LimitMetrics
    readiness: Readiness


class Refused(Exception):
    """Leaves as this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


# Coroutines, though they wait for nothing: FastAPI sends plain functions to a thread.
async def asked(request: Request) -> Exchange:
    return exchange(request.scope)


async def caller_token(request: Request) -> str:
    """The token that the chain has already verified."""
    token = exchange(request.scope).token
    if token is None:
        raise Unauthenticated
    return token


def device(request: Request, cookie: str = "") -> Device:
    return Device(exchange(request.scope).client, request.headers.get("user-agent", ""), cookie)


def never_stored(response: Response) -> None:
    """By anybody on the way, for it holds what only the caller may see."""
    response.headers["Cache-Control"] = "no-store"


Asked = Annotated[Exchange, Depends(asked)]
Token = Annotated[str, Depends(caller_token)]

PROBLEM_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, for its documentation."""
    return {
        status: {"description": HTTPStatus(status).phrase, "content": PROBLEM_CONTENT} for status in statuses
    }

"""What the handlers of the gateway's own routes work with, and what a refusal of theirs is."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from slowapi import Limiter as SlowLimiter

from chassis import origin
from chassis.errors import Unauthenticated
from chassis.lifecycle import Readiness
from chassis.security.revocations import RevocationList
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

_SAID_TWICE = Problem(
    status=400,
    reason="REPEATED_FIELD",
    detail="A field of the form occurs twice.",
    members={"error": "invalid_request"},
)


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
    revocations: RevocationList


class Refused(Exception):
    """Leaves as this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


def told(request: Request) -> Exchange:
    """What the chain established; every call to auth made from here on says where the request came from."""
    found = exchange(request.scope)
    origin.comes_from(found.client)
    return found


# Coroutines, though they wait for nothing: FastAPI sends plain functions to a thread.
async def asked(request: Request) -> Exchange:
    return told(request)


async def caller_token(request: Request) -> str:
    """The token that the chain has already verified."""
    token = told(request).token
    if token is None:
        raise Unauthenticated
    return token


async def each_field_once(request: Request) -> None:
    """Of a form that says a thing twice, two readers may believe different halves (RFC 6749 3.2).

    Raises:
        Refused: a field occurs twice.
    """
    # Read already, and kept.
    form = await request.form()
    if len(form.multi_items()) != len(form):
        raise Refused(_SAID_TWICE)


def ended_here(context: Context, found: Exchange, sid: str | None = None) -> None:
    """Auth has ended the session, or the caller's own: at this gateway the next request finds it so."""
    who = found.principal
    if who is None:
        raise Unauthenticated
    context.revocations.end_session(sid or who.sid, who.expires_at)


def device(request: Request, cookie: str = "") -> Device:
    return Device(told(request).client, request.headers.get("user-agent", ""), cookie)


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

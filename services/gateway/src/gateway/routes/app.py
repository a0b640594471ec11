"""The FastAPI app of the gateway's own routes; everything around it happens in the chain before it."""

from dataclasses import replace
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from slowapi.errors import RateLimitExceeded
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp

from gateway.exchange import exchange
from gateway.limits.local_ring import past_the_ring
from gateway.middleware.body import BodyRefused
from gateway.problems import CONTENT_TYPE, Problem
from gateway.routes.chaos import chaos_routes
from gateway.routes.context import Context, Refused
from gateway.routes.health import health_routes
from gateway.routes.oauth import OAUTH, oauth_routes
from gateway.routes.oversight import oversight_routes
from gateway.routes.passwords import password_routes
from gateway.routes.sessions import session_routes
from gateway.routes.sign_in import sign_in_routes
from gateway.routes.slo import slo_routes
from gateway.routes.triage import triage_routes
from gateway.routes.users import user_routes

_SILENT = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}

ROUTES = (
    sign_in_routes,
    session_routes,
    password_routes,
    user_routes,
    oversight_routes,
    oauth_routes,
    triage_routes,
    health_routes,
    slo_routes,
)


class OwnRoutes(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """Without the outermost layer, a page for faults: the chain has the one handler for those."""
        stack = super().build_middleware_stack()
        inner: ASGIApp = stack.app  # type: ignore[attr-defined]  # starlette's ServerErrorMiddleware
        return inner


def own_routes(context: Context) -> FastAPI:
    app = OwnRoutes(
        title="API Reliability Suite",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_SILENT,  # type: ignore[arg-type]  # a TypedDict of FastAPI's own
        # The chain has measured and timed the body by now.
        max_body_size=None,
    )
    for routes in ROUTES:
        app.include_router(routes(context))
    if context.settings.chaos_routes_enabled and not context.settings.hardened:
        app.include_router(chaos_routes(context))

    @app.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> Response:
        if request.url.path.startswith(OAUTH):
            return answer(request, oauth_problem(error))
        return answer(request, validation_problem(error))

    @app.exception_handler(RateLimitExceeded)
    async def past_local(request: Request, error: RateLimitExceeded) -> Response:
        policy = exchange(request.scope).policy
        context.limits.refused_inside("unmatched" if policy is None else policy.name)
        return answer(request, past_the_ring(error))

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return answer(request, error.problem)

    @app.exception_handler(StarletteHTTPException)
    async def http(request: Request, error: StarletteHTTPException) -> Response:
        if isinstance(error, BodyRefused):
            # The guard knows how; it also closes the connection.
            raise error
        # The framework's own: a body that is not a form, for instance. Its words may repeat the input.
        return answer(
            request,
            Problem(status=error.status_code, reason="INVALID_REQUEST", detail="The request is malformed."),
        )

    return app


def answer(request: Request, problem: Problem) -> Response:
    found = exchange(request.scope)
    response = Response(
        problem.document(request_id=found.request_id, trace_id=found.trace_id),
        status_code=problem.status,
        media_type=CONTENT_TYPE.decode(),
        headers={"Cache-Control": "no-store"},
    )
    response.raw_headers.extend(problem.headers)
    return response


def validation_problem(error: RequestValidationError) -> Problem:
    """Where the input is wrong and why, without a word of it; names the client made up count as input."""
    errors = []
    for fault in error.errors():
        place: list[Any] = list(fault["loc"])
        if fault["type"] == "extra_forbidden":
            place[-1] = "(unknown)"
        errors.append({"at": ".".join(str(part) for part in place), "why": _why(fault)})
    return Problem(
        status=422,
        reason="NOT_VALID",
        detail="The request does not have the expected shape.",
        members={"errors": errors[:20]},
    )


def oauth_problem(error: RequestValidationError) -> Problem:
    """The same in the words of RFC 6749 section 5.2, which knows no other status than 400."""
    grant = any(
        fault["loc"][-1:] == ("grant_type",) and fault["type"] == "literal_error" for fault in error.errors()
    )
    return replace(
        validation_problem(error),
        status=400,
        reason="UNSUPPORTED_GRANT_TYPE" if grant else "INVALID_REQUEST",
        members={
            "error": "unsupported_grant_type" if grant else "invalid_request",
            **validation_problem(error).members,
        },
    )


def _why(fault: dict[str, Any]) -> str:
    if fault["type"] in {"json_invalid", "value_error", "assertion_error"}:
        return "not valid"
    if fault["type"] == "model_attributes_type":
        return "Input should be a JSON object, sent as application/json"
    return str(fault["msg"])

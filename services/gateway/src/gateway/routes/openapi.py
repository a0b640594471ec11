"""The description of the API: schemes, problems, and what every route may be refused with."""

from contextlib import AsyncExitStack
from typing import Any

import grpc
import orjson
from fastapi.openapi.utils import get_openapi

from chassis.clock import SystemClock
from chassis.lifecycle import Readiness
from chassis.security.revocations import RevocationList
from gateway.limits.local_ring import local_ring
from gateway.policy import Access
from gateway.routes.app import own_routes
from gateway.routes.context import Context
from gateway.routes.policies import own_policies
from gateway.settings import GatewaySettings
from gateway.telemetry import LimitMetrics
from gateway.upstreams.auth import AuthUpstream
from gateway.upstreams.oversight import OversightUpstream
from gateway.upstreams.triage import TriageUpstream
from gateway.upstreams.users import UsersUpstream
from gateway.upstreams.verification import VerificationUpstream

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail", "trace_id", "request_id"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "example": "urn:problem-type:reliability:rate-limited",
        },
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "One sentence for people."},
        "trace_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Where a body is not valid, and why.",
            "items": {
                "type": "object",
                "required": ["at", "why"],
                "properties": {"at": {"type": "string"}, "why": {"type": "string"}},
            },
        },
        "error": {"type": "string", "description": "RFC 6749 section 5.2, on the OAuth endpoints."},
    },
}
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "client": {"type": "http", "scheme": "basic", "description": "A registered client's id and secret."},
}
_CLIENT_ROUTES = frozenset({"introspect", "revoke", "token"})
_EVERYWHERE = (400, 408, 413, 414, 431)
_DESCRIPTION = (
    "Sign-in with sessions that can really be ended, limits that survive an outage, and error logs turned "
    "into a summary. Every refusal is a problem document with a stable `type` and the ids to ask about."
)


async def described() -> dict[str, Any]:
    """Of the routes as they are in production."""
    async with AsyncExitStack() as stack:
        # Never connected: the routes are only looked at.
        channel = grpc.aio.insecure_channel("localhost:1")
        stack.push_async_callback(channel.close)
        settings = GatewaySettings()
        app = own_routes(
            Context(
                settings=settings,
                auth=AuthUpstream(channel, seconds=1, login_seconds=1),
                users=UsersUpstream(channel, seconds=1, hashing_seconds=1),
                oversight=OversightUpstream(channel, seconds=1),
                triage=TriageUpstream(channel, seconds=1),
                verification=VerificationUpstream(channel, seconds=1),
                limiter=None,
                ring=local_ring(enabled=False),
                limits=LimitMetrics(),
                readiness=Readiness(),
                revocations=RevocationList(SystemClock()),
            )
        )
        document = get_openapi(
            title=app.title, version=app.version, routes=app.routes, description=_DESCRIPTION
        )
    _polish(document, settings)
    return document


def _polish(document: dict[str, Any], settings: GatewaySettings) -> None:
    components = document["components"]
    schemas = components["schemas"]
    for framework in ("HTTPValidationError", "ValidationError"):
        schemas.pop(framework, None)
    schemas["Problem"] = _PROBLEM
    components["securitySchemes"] = _SCHEMES
    policies = own_policies(settings)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            policy = policies[path][method.upper()]
            _tell_refusals(operation)
            if policy.access is Access.BEARER:
                operation["security"] = [{"bearer": []}]
            elif policy.name in _CLIENT_ROUTES:
                operation["security"] = [{"client": []}, {}]
                # RFC 6749 has 400 for all of that.
                del operation["responses"]["422"]
            else:
                operation["security"] = []
            operation["x-limits"] = [f"{limit.amount} per {limit.period} s" for limit in policy.limits]


def _tell_refusals(operation: dict[str, Any]) -> None:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses = operation["responses"]
    takes_input = "422" in responses or "requestBody" in operation
    for status in (*_EVERYWHERE, *((422,) if takes_input else ()), 500):
        responses.setdefault(str(status), {"description": "Refused", "content": content})
    if takes_input:
        responses["422"] = {"description": "Not of the expected shape", "content": content}
    if "429" in responses:
        responses["429"]["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}
        }
    operation["responses"] = dict(sorted(responses.items()))


def printed(document: dict[str, Any]) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"

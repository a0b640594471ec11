"""The way of every request, outermost first."""

from collections.abc import Callable
from functools import partial
from typing import Final

from chassis.observability.context import Sampler
from gateway.asgi import App, Receive, Scope, Send, refuse
from gateway.authz.forward_auth import PATH as AUTHZ
from gateway.clients import Clients
from gateway.exchange import exchange
from gateway.middleware.admission import Admission
from gateway.middleware.arrival import Arrival
from gateway.middleware.cors import Cors
from gateway.middleware.guards import Bounds, Guards
from gateway.middleware.hosts import TrustedHosts
from gateway.middleware.https import Https
from gateway.middleware.routing import Routing
from gateway.middleware.security_headers import SecurityHeaders
from gateway.problems import Problem
from gateway.routing import Router
from gateway.settings import GatewaySettings
from gateway.telemetry import RequestMetrics
from gateway.verdict import Engine

_NOT_FOUND: Final = Problem(status=404, reason="ROUTE_NOT_FOUND", detail="There is no such route.")


def chain(
    settings: GatewaySettings,
    *,
    sampler: Sampler,
    metrics: RequestMetrics,
    draining: Callable[[], bool],
    router: Router,
    engine: Engine,
    end: App,
) -> App:
    clients = Clients(settings.proxies, settings.trusted_proxy_header)
    bounds = Bounds(
        body=settings.max_body_bytes,
        body_seconds=settings.body_timeout_seconds,
        header_count=settings.max_header_count,
        header_bytes=settings.max_header_bytes,
        query=settings.max_query_bytes,
    )
    layers: list[Callable[[App], App] | None] = [
        partial(Arrival, sampler=sampler, clients=clients, metrics=metrics, draining=draining),
        partial(Routing, router=router),
        partial(Guards, bounds=bounds),
        partial(TrustedHosts, names=settings.trusted_hosts),
        partial(Https, host=settings.redirect_host) if settings.https_redirect_enabled else None,
        partial(Cors, origins=settings.cors_allow_origins, credentials=settings.cors_allow_credentials),
        SecurityHeaders,
        partial(Admission, engine=engine),
    ]
    app = end
    for layer in reversed(layers):
        if layer is not None:
            app = layer(app)
    return app


class Ends:
    """Where the chain leads: another proxy's question, the gateway's own routes, an upstream, or nowhere."""

    def __init__(self, own: App, proxied: App, authz: App | None = None) -> None:
        self._own = own
        self._proxied = proxied
        self._authz = authz

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = exchange(scope)
        if self._authz is not None and scope["path"] == AUTHZ and scope["type"] == "http":
            await self._authz(scope, receive, send)
        elif found.policy is None:
            await refuse(scope, send, _NOT_FOUND if found.allow is None else _not_allowed(found.allow))
        elif found.proxied:
            await self._proxied(scope, receive, send)
        elif scope["type"] == "websocket":
            await refuse(scope, send, _NOT_FOUND)
        else:
            if scope["method"] == "HEAD":
                # Answered as GET; the server leaves the body out.
                scope = {**scope, "method": "GET"}
            await self._own(scope, receive, send)


def _not_allowed(allow: frozenset[str]) -> Problem:
    return Problem(
        status=405,
        reason="METHOD_NOT_ALLOWED",
        detail="This route does not have that method.",
        headers=((b"allow", ", ".join(sorted(allow)).encode()),),
    )

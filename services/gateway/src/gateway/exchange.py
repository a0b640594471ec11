"""What the gateway knows about one request, under one key of its ASGI scope."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from chassis.security.tokens import Principal
from gateway.policy import RoutePolicy

KEY = "gateway.exchange"

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Exchange:
    """Filled from the outside in; what is None has not been established yet."""

    request_id: str
    # 32 hexadecimal digits; inbound when it was valid, else fresh.
    trace_id: str
    # This hop's own span, 16 hexadecimal digits: the parent of what is sent upstream.
    span_id: str
    sampled: bool
    tracestate: str | None
    # time.perf_counter() at arrival.
    started: float
    # The client past trusted proxies: text form without a port or zone.
    client: str = ""
    # What the client spoke, past trusted proxies: http or https.
    scheme: str = "http"
    # The one valid Host, lower case, without the port.
    host: str = ""
    policy: RoutePolicy | None = None
    # What `policy` was found with; the proxy's Route for a proxied request.
    target: Any = None
    # Whether an upstream of the routes file answers, and not the gateway.
    proxied: bool = False
    # Methods the path has, where the request's is none of them.
    allow: frozenset[str] | None = None
    principal: Principal | None = None
    # The caller's own access token, where it was asked for and valid.
    token: str | None = None
    # Added to whatever answer leaves: limits, CORS, security headers.
    response_headers: Headers = field(default_factory=list)
    # The status that left; None while nothing has.
    status: int | None = None
    # A proxied answer may name its own outcome for metrics and logs.
    outcome: str | None = None


def exchange(scope: MutableMapping[str, Any]) -> Exchange:
    found: Exchange = scope[KEY]
    return found

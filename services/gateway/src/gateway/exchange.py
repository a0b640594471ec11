"""What the gateway knows about one request, under one key of its ASGI scope."""

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chassis.security.tokens import Principal
from gateway.policy import RoutePolicy

if TYPE_CHECKING:
    from opentelemetry.trace import Span

KEY = "gateway.exchange"
# Under this the server underneath may offer to take a whole answer at once: a function of it.
SAY = "gateway.say"

Headers = list[tuple[bytes, bytes]]
Fields = dict[bytes, bytes]


class Answer(NamedTuple):
    """A whole answer, before what every answer carries is added to it."""

    status: int
    headers: Headers
    body: bytes = b""
    # The rest of the request will not be read.
    close: bool = False


class Body(NamedTuple):
    """What the headers of a request say about its body."""

    # Bytes; 0 where it is chunked.
    length: int
    json: bool


class Exchange:
    """Filled from the outside in; what is None has not been established yet.

    Made for every request: what most of them never set stands on the class.
    """

    # The client past trusted proxies: text form without a port or zone.
    client: str = ""
    # What the client spoke, past trusted proxies: http or https.
    scheme: str = "http"
    # The one valid Host, lower case, without the port.
    host: str = ""
    body: Body | None = None
    policy: RoutePolicy | None = None
    # What `policy` was found with; the proxy's Route for a proxied request.
    target: Any = None
    # What a proxy asks about, where that is known already; the decider's.
    matter: Any = None
    # For what comes out the same whenever these very bytes are sent; None where nobody keeps it.
    kept: "dict[str, Any] | None" = None
    # Whether an upstream of the routes file answers, and not the gateway.
    proxied: bool = False
    # Methods the path has, where the request's is none of them.
    allow: frozenset[str] | None = None
    # Limits, token and role have been passed.
    admitted: bool = False
    principal: Principal | None = None
    # The caller's own access token, where it was asked for and valid.
    token: str | None = None
    # What settles the request without anybody else being asked.
    answer: Answer | None = None
    # The status that left; None while nothing has.
    status: int | None = None
    # A proxied answer may name its own outcome for metrics and logs.
    outcome: str | None = None
    # Where the trace is recorded.
    span: "Span | None" = None
    tracestate: str | None = None
    # Names of headers that came more than once.
    repeated: frozenset[bytes] = frozenset()

    def __init__(
        self, *, request_id: str, trace_id: str, span_id: str, sampled: bool, fields: Fields, started: float
    ) -> None:
        self.request_id = request_id
        # 32 hexadecimal digits; inbound when it was valid, else fresh.
        self.trace_id = trace_id
        # This hop's own span, 16 hexadecimal digits: the parent of what is sent upstream.
        self.span_id = span_id
        self.sampled = sampled
        # Headers by name; what came more than once is joined by commas (RFC 9110, 5.3).
        self.fields = fields
        # time.perf_counter() at arrival.
        self.started = started
        # Added to whatever answer leaves: limits, CORS, security headers.
        self.response_headers: Headers = []

    def resume(self, known: "Exchange") -> None:
        """What was found about a request of the very same bytes, up to its admission."""
        self.client, self.scheme, self.host = known.client, known.scheme, known.host
        self.policy, self.target, self.proxied = known.policy, known.target, known.proxied
        self.matter, self.kept, self.repeated = known.matter, known.kept, known.repeated
        self.response_headers = known.response_headers.copy()


def exchange(scope: MutableMapping[str, Any]) -> Exchange:
    found: Exchange = scope[KEY]
    return found

"""The kinds of routes there are, how often each is asked, and what it answers while all is well."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from suite.chaos.visitor import Visitor

Ask = Callable[[Visitor], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of every table.

    Args:
        name: as the table of promises calls it.
        label: as people know it.
        usual: the outcomes of good times.
        every: seconds from one asking to the next.
        ask: once.
        patience: seconds until a client gives up.
        many: one asking is many requests, so one that saw both sides of a moment says nothing.
        timed: its outcome hangs on an answer of Redis within tens of milliseconds, so a busy machine
            changes it.
    """

    name: str
    label: str
    usual: frozenset[str]
    every: float
    ask: Ask
    patience: float = 3.0
    many: bool = False
    timed: bool = False


def _route(name: str, label: str, usual: str, every: float, ask: Ask, patience: float = 3.0) -> Route:
    return Route(name, label, frozenset({usual}), every, ask, patience)


def _limited(policy: str) -> Route:
    label = f"`GET`, a limit, `on_store_failure: {policy}`"

    async def ask(visitor: Visitor) -> str:
        return await visitor.limited(policy)

    return Route(f"limit-{policy}", label, frozenset({"exact"}), 1.2, ask, 6.0, many=True, timed=True)


ROUTES = (
    _route("protected", "`GET /protected`", "200", 0.04, partial(Visitor.get, path="/protected")),
    _route("authz", "`GET /authz`", "200", 0.04, partial(Visitor.get, path="/authz")),
    _route("proxied", "`GET`, proxied with a token", "200", 0.06, partial(Visitor.get, path="/orders")),
    _route(
        "jwks",
        "`GET /.well-known/jwks.json`",
        "200",
        0.15,
        partial(Visitor.get, path="/.well-known/jwks.json", bearer=False),
    ),
    _route("external", "`GET /external-api`", "200 upstream", 0.12, partial(Visitor.external, spoilt=False)),
    Route(
        "fallback",
        "`GET /external-api`, its upstream failing",
        frozenset({"200 fallback_cache"}),
        0.12,
        partial(Visitor.external, spoilt=True),
        timed=True,
    ),
    _route("login", "`POST /login`", "200", 0.2, Visitor.login, 12.0),
    _route("refresh", "`POST /token/refresh`", "200", 0.1, Visitor.refresh),
    _route("logout", "`POST /logout`", "204", 0.25, Visitor.logout),
    _route("sessions", "`GET /sessions`", "200", 0.15, Visitor.sessions),
    _route("users", "`GET /users`", "200", 0.15, partial(Visitor.get, path="/users")),
    _route("introspect", "`POST /oauth/introspect`", "200", 0.12, Visitor.introspect),
    _limited("open"),
    _limited("closed"),
    _limited("local"),
    _route(
        "triage-known",
        "`POST /triage`, a log seen before",
        "200 model",
        0.4,
        partial(Visitor.triage, known=True),
        8.0,
    ),
    _route(
        "triage-new",
        "`POST /triage`, a log never seen",
        "200 model",
        0.4,
        partial(Visitor.triage, known=False),
        8.0,
    ),
    _route("livez", "`/livez` of the gateways", "200", 0.06, partial(Visitor.probe, path="/livez")),
    _route("readyz", "`/readyz` of the gateways", "200", 0.12, partial(Visitor.probe, path="/readyz")),
    _route("live", "`live` of auth and triage, by gRPC", "SERVING", 0.06, Visitor.live),
)
# Asked like the others, promised nothing: what the machine itself does to whoever is asked.
STILL = _route("still", "a process that does nothing", "200", 0.04, Visitor.still)
BY_NAME = {route.name: route for route in ROUTES}

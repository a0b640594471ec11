"""One decision for every way of asking: the route's policy, the engine of the chain, the identity to tell."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from chassis.errors import Forbidden
from gateway.authz.question import Question
from gateway.exchange import Fields
from gateway.policy import RoutePolicy
from gateway.problems import Problem, from_error
from gateway.proxy.identity import Pairs, Signer
from gateway.proxy.route import Identity, Route
from gateway.verdict import Engine, Verdict

# What a proxy has to take out of a client's request before it lets it pass.
IDENTITY_HEADERS = ("x-auth-subject", "x-auth-username", "x-auth-role", "x-auth-assertion")


class Routes(Protocol):
    def match(self, method: str, path: str) -> Route | None: ...


class Decision(NamedTuple):
    problem: Problem | None
    # For the upstream.
    identity: Pairs = ()
    # For the client, with either answer.
    headers: Sequence[tuple[bytes, bytes]] = ()


class Matter(NamedTuple):
    """What there is to decide."""

    policy: RoutePolicy
    host: str
    # Who is to be told of the caller, and how.
    audience: str
    told: Identity


_NOWHERE = Decision(from_error(Forbidden("No route has this path and method.", reason="NO_ROUTE")))


class Decider:
    """Decides for proxies as the chain does for itself.

    Args:
        routes: the routes file.
        engine: the one of the chain, so that a limit is one limit.
        signer: tells who asks.
        alone: the policy of a question about no request in particular: is this a good token?
    """

    def __init__(self, routes: Routes, engine: Engine, signer: Signer, alone: RoutePolicy) -> None:
        self._routes = routes
        self._engine = engine
        self._signer = signer
        self.alone = alone

    def decide_now(
        self, matter: Matter | None, *, fields: Fields, client: str, kept: dict[str, Any] | None = None
    ) -> Decision | None:
        """As `decide`, where nothing has to be waited for; otherwise None, and nothing is counted."""
        if matter is None:
            return _NOWHERE
        verdict = self._engine.decide_now(fields, matter.host, client, matter.policy, kept)
        return None if verdict is None else self._decision(matter, verdict)

    async def decide(self, matter: Matter | None, *, fields: Fields, client: str) -> Decision:
        """`fields` and `client` are those of the request asked about, as far as they are known."""
        if matter is None:
            return _NOWHERE
        verdict = self._engine.decide_now(fields, matter.host, client, matter.policy)
        if verdict is None:
            verdict = await self._engine.decide(fields, matter.host, client, matter.policy)
        return self._decision(matter, verdict)

    def matter(self, asked: Question | None, host: str) -> Matter | None:
        """What there is to decide, by the routes in force now; None where no route takes the request."""
        if asked is None:
            return Matter(self.alone, host, self.alone.name, Identity.SIGNED)
        route = self._routes.match(asked.method, asked.path)
        if route is None or not _takes(route.policy, asked.method):
            return None
        audience = route.name if route.upstream is None else route.upstream.name
        return Matter(route.policy, asked.host or host, audience, route.identity_in_front)

    def _decision(self, matter: Matter, verdict: Verdict) -> Decision:
        if verdict.problem is not None:
            return Decision(verdict.problem, (), verdict.headers)
        identity: Pairs = ()
        if verdict.principal is not None and matter.told is not Identity.NONE:
            prove = matter.told is Identity.SIGNED
            identity = self._signer.headers(verdict.principal, matter.audience, prove=prove)
        return Decision(None, identity, verdict.headers)


def _takes(policy: RoutePolicy, method: str) -> bool:
    return method in policy.methods or (method == "HEAD" and "GET" in policy.methods)

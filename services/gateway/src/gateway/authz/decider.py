"""One decision for every way of asking: the route's policy, the engine of the chain, the identity to tell."""

from dataclasses import dataclass
from typing import Protocol

from chassis.errors import Forbidden
from gateway.authz.question import Question
from gateway.exchange import Headers
from gateway.policy import RoutePolicy
from gateway.problems import Problem, from_error
from gateway.proxy.identity import Pairs, Signer
from gateway.proxy.route import Identity, Route
from gateway.verdict import Engine

# What a proxy has to take out of a client's request before it lets it pass.
IDENTITY_HEADERS = ("x-auth-subject", "x-auth-username", "x-auth-role", "x-auth-assertion")


class Routes(Protocol):
    def match(self, method: str, path: str) -> Route | None: ...


@dataclass(frozen=True, slots=True)
class Decision:
    problem: Problem | None
    # For the upstream.
    identity: Pairs = ()
    # For the client, with either answer.
    headers: Pairs = ()


_NO_ROUTE = from_error(Forbidden("No route has this path and method.", reason="NO_ROUTE"))


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

    async def decide(self, asked: Question | None, *, headers: Headers, client: str, host: str) -> Decision:
        """`client` and `host` are those of the request asked about, as far as they are known."""
        policy = self.alone
        audience = policy.name
        told = Identity.SIGNED
        method, path = "GET", "/"
        if asked is not None:
            method, path = asked.method, asked.path
            route = self._routes.match(method, path)
            if route is None or not _takes(route.policy, method):
                return Decision(_NO_ROUTE)
            policy, told = route.policy, route.identity_in_front
            audience = route.name if route.upstream is None else route.upstream.name
            host = asked.host or host
        verdict = await self._engine.decide(method, host, path, headers, client, policy)
        if verdict.problem is not None:
            return Decision(verdict.problem, headers=verdict.headers)
        identity: Pairs = ()
        if verdict.principal is not None and told is not Identity.NONE:
            identity = self._signer.headers(verdict.principal, audience, prove=told is Identity.SIGNED)
        return Decision(None, identity, verdict.headers)


def _takes(policy: RoutePolicy, method: str) -> bool:
    return method in policy.methods or (method == "HEAD" and "GET" in policy.methods)

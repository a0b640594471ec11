"""`/authz` for nginx `auth_request`, Traefik and Caddy: 200 with who asks, or 401, 403, 429 and why.

Asked with X-Original-Method and X-Original-URI, or X-Forwarded-Method and X-Forwarded-Uri, it decides
about that request by the routes file. Asked without them it says whether the token is good. Those headers
count only from TRUSTED_PROXIES: from anybody else they would be a client choosing its own policy.
"""

from typing import Final

from chassis.errors import Forbidden
from gateway.asgi import Scope, refusal
from gateway.authz.decider import Decider, Decision, Matter
from gateway.authz.question import Question, asks, question
from gateway.clients import Clients
from gateway.exchange import Answer, Exchange
from gateway.problems import from_error

PATH: Final = "/authz"

_CACHE = (b"cache-control", b"no-store")
_EMPTY = (b"content-length", b"0")


class ForwardAuth:
    """Any method."""

    def __init__(self, decider: Decider, clients: Clients) -> None:
        self._decider = decider
        self._clients = clients

    def decide_now(self, scope: Scope, found: Exchange) -> Answer | None:
        """As `decide`, where nothing has to be waited for; otherwise None, and nothing is counted."""
        # Names this in metrics.
        found.policy = self._decider.alone
        try:
            matter = found.matter or self.matter(scope, found)
        except Forbidden as unclear:
            return refusal(found, from_error(unclear))
        decision = self._decider.decide_now(matter, fields=found.fields, client=found.client, kept=found.kept)
        return None if decision is None else _answer(found, decision)

    async def decide(self, scope: Scope, found: Exchange) -> Answer:
        found.policy = self._decider.alone
        try:
            matter = found.matter or self.matter(scope, found)
        except Forbidden as unclear:
            return refusal(found, from_error(unclear))
        decision = await self._decider.decide(matter, fields=found.fields, client=found.client)
        return _answer(found, decision)

    def matter(self, scope: Scope, found: Exchange) -> Matter | None:
        """What is asked about; None where no route takes that request.

        Raises:
            Forbidden: nobody can tell, or nobody may ask.
        """
        return self._decider.matter(self._asked(scope, found), found.host)

    def _asked(self, scope: Scope, found: Exchange) -> Question | None:
        if not asks(found.fields):
            return None
        peer = scope.get("client")
        if peer is None or not self._clients.trusts(peer[0]):
            raise Forbidden(
                "This proxy is not among TRUSTED_PROXIES, so what it says is not believed.",
                reason="UNTRUSTED_PROXY",
            )
        return question(scope["headers"])


def _answer(found: Exchange, decision: Decision) -> Answer:
    if decision.problem is not None:
        # A proxy may show it to whoever asked.
        found.response_headers += decision.headers
        return refusal(found, decision.problem)
    # Read by the proxy alone: what is for browsers has nobody to tell.
    found.response_headers = list(decision.headers)
    return Answer(200, [_EMPTY, _CACHE, *decision.identity])

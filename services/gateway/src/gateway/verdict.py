"""What the decision engine answers: in, as whom, and with which limits told; or not, and why."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from chassis.security.tokens import Principal
from gateway.exchange import Fields
from gateway.policy import RoutePolicy
from gateway.problems import Problem


class Verdict(NamedTuple):
    # None: the request may pass.
    problem: Problem | None
    # Who asks, where the policy wanted to know.
    principal: Principal | None = None
    # The caller's own access token, for calls on their behalf.
    token: str | None = None
    # RateLimit-Policy and RateLimit, to be told with either answer.
    headers: Sequence[tuple[bytes, bytes]] = ()

    @property
    def allowed(self) -> bool:
        return self.problem is None


class Engine(Protocol):
    def decide_now(
        self, fields: Fields, host: str, client: str, policy: RoutePolicy, kept: dict[str, Any] | None = None
    ) -> Verdict | None:
        """As `decide`, where nothing has to be waited for; otherwise None, and nothing is counted.

        `kept` is the exchange's, of a request that came before.
        """

    async def decide(self, fields: Fields, host: str, client: str, policy: RoutePolicy) -> Verdict:
        """Never raises for what a client sent.

        Args:
            fields: the headers by their names in lower case.
            host: without its port.
            client: the address past trusted proxies.
            policy: the caller has matched it to the request.
        """

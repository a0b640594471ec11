"""What the decision engine answers: in, as whom, and with which limits told; or not, and why."""

from typing import NamedTuple, Protocol

from chassis.security.tokens import Principal
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
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def allowed(self) -> bool:
        return self.problem is None


class Engine(Protocol):
    async def decide(
        self,
        method: str,
        host: str,
        path: str,
        headers: list[tuple[bytes, bytes]],
        client: str,
        policy: RoutePolicy,
    ) -> Verdict:
        """Never raises for what a client sent; `headers` in ASGI's form, names in lower case.

        `client` is the address past trusted proxies. The caller has matched
        `policy` to the method and path, which only name the request here.
        """

"""A route of the routes file, ready to serve: what is asked of a request, and what becomes of it."""

import enum
from dataclasses import dataclass, field

from gateway.policy import RoutePolicy
from gateway.proxy.headers import HeaderRules
from gateway.proxy.rules import Retries
from gateway.proxy.upstream import Upstream


class Identity(enum.StrEnum):
    """What the upstream is told of who asks; a client's own claims never reach it."""

    NONE = "none"
    # X-Auth-Subject, -Username, -Role: for upstreams that only the gateway can reach.
    PLAIN = "plain"
    # The same with X-Auth-Assertion, which proves them.
    SIGNED = "signed"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Route:
    policy: RoutePolicy
    # Without a slash at its end; empty for everything.
    prefix: str
    # Only the prefix itself, and nothing under it.
    exact: bool = False
    # None: only decided about (forward-auth), not proxied.
    upstream: Upstream | None = None
    # Put in the place of the prefix; None leaves the path as it is.
    rewrite: str | None = None
    # Seconds to the head of the answer, or to all of a short one; then between parts of a long one.
    timeout: float = 15.0
    idle_timeout: float = 60.0
    retries: Retries = field(default_factory=Retries)
    websocket: bool = False
    # The client's own Host goes on instead of the upstream's name.
    pass_host: bool = False
    # The caller's own token goes on.
    pass_authorization: bool = False
    identity: Identity = Identity.NONE
    # The same for a proxy in front, which alone reaches the upstream: proven where there is a key for it.
    identity_in_front: Identity = Identity.SIGNED
    last_good: bool = False
    last_good_max_bytes: int = 256 * 1024
    request_rules: HeaderRules = field(default_factory=HeaderRules)
    response_rules: HeaderRules = field(default_factory=HeaderRules)
    # Answers in the words of /external-api: status, source and data.
    envelope: bool = False
    # Path and query at the upstream, whatever the client's own.
    fixed_target: bytes | None = None

    @property
    def name(self) -> str:
        return self.policy.name

    def target(self, path: str) -> str:
        """The path at the upstream."""
        if self.rewrite is None:
            return path
        return (self.rewrite + path[len(self.prefix) :]) or "/"

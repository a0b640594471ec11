"""What the gateway asks of a request before it lets it through, per route."""

import enum
from dataclasses import dataclass

from gateway.limits.notation import Limit


class Access(enum.StrEnum):
    # Whoever asks; a token is not looked at.
    PUBLIC = "public"
    # A valid access token, or 401.
    BEARER = "bearer"


class OnStoreFailure(enum.StrEnum):
    """What a limit does while the store of the limits is gone or hangs."""

    OPEN = "open"
    CLOSED = "closed"
    # This replica's share of the limit, counted in its own memory.
    LOCAL = "local"


class OnStale(enum.StrEnum):
    """What a valid token gets while the revocations are older than the route's bound."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePolicy:
    """Deny by default: a route that says nothing needs a token."""

    # Low cardinality; names the route in metrics and in the keys of its limits.
    name: str
    methods: frozenset[str]
    access: Access = Access.BEARER
    # Any one of them; empty means every role.
    roles: frozenset[str] = frozenset()
    # All of them, for tokens that carry scopes (service accounts).
    scopes: frozenset[str] = frozenset()
    limits: tuple[Limit, ...] = ()
    on_store_failure: OnStoreFailure = OnStoreFailure.LOCAL
    # Seconds; None means however old.
    revocation_staleness: float | None = None
    on_stale: OnStale = OnStale.ALLOW
    # Bytes and seconds; the gateway's own bounds when None.
    max_body: int | None = None
    body_timeout: float | None = None

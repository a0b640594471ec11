"""What the routes file says of an upstream, and of how often a route may ask it; times in seconds."""

from dataclasses import dataclass

from gateway.proxy.balance import Balance, Ejection


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamRules:
    balance: Balance = Balance.ROUND_ROBIN
    ejection: Ejection | None = None
    breaker_failures: int = 5
    breaker_open_seconds: float = 30.0
    max_concurrent: int = 512
    max_wait_seconds: float = 0.5
    max_waiting: int = 512
    retry_ratio: float = 0.2
    retries_per_second: float = 1.0
    connect_timeout: float = 2.0
    # Below what servers usually wait (5 s), so that it is us who close.
    keep_alive_seconds: float = 4.0
    max_idle: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """Of a route. A connection that failed before anything was sent may be tried elsewhere by any method."""

    attempts: int = 1
    on_faults: frozenset[str] = frozenset({"connect", "reset"})
    on_statuses: frozenset[int] = frozenset()
    # Seconds for one attempt; the whole time of the route when None.
    attempt_timeout: float | None = None

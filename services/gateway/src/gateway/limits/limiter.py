"""Decides the limits of a request, and what holds while the store of the limits is gone."""

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gateway.clients import counted_as
from gateway.exchange import Headers
from gateway.limits.counts import Check, Count, LimitStore, StoreDown
from gateway.limits.headers import tell
from gateway.limits.memory import MemoryStore
from gateway.limits.notation import Key, Limit
from gateway.policy import OnStoreFailure, RoutePolicy
from gateway.problems import Problem, retry_after
from gateway.telemetry import LimitMetrics, Ring

_LONGEST_KEY = 80
_MOST_NAMES = 8192
_CLOSED = Problem(
    status=503,
    reason="LIMITS_UNAVAILABLE",
    detail="The limits of this route cannot be counted now; try again.",
)


class Subject(NamedTuple):
    """Whom limits count."""

    address: str
    tenant: str
    # From a verified token; None before or without one.
    user: str | None = None
    role: str | None = None


class Taken(NamedTuple):
    problem: Problem | None
    headers: Headers


NOTHING = Taken(None, [])


class Limiter:
    """Counts in the store, and falls back to what the route says.

    Args:
        store: counts for all replicas.
        local: counts for this one while the store is gone.
        prefix: of every key.
        replicas: among how many the limits are shared out meanwhile.
        always_local: count locally instead of what the route says.
        legacy_headers: also X-RateLimit-*.
        metrics: told what was decided.
    """

    def __init__(
        self,
        store: LimitStore,
        local: MemoryStore,
        *,
        prefix: str,
        replicas: Callable[[], int],
        always_local: bool,
        legacy_headers: bool,
        metrics: LimitMetrics,
    ) -> None:
        self._store = store
        self._local = local
        self._prefix = prefix
        self._replicas = replicas
        self._ring: Ring = "local" if store is local else "cluster"
        self._names: dict[tuple[str, str], str] = {}
        self._always_local = always_local
        self._legacy = legacy_headers
        self._metrics = metrics

    def checks(self, policy: RoutePolicy, limits: Sequence[Limit], subject: Subject) -> list[Check]:
        """What has to be asked of the store; for the same arguments always the same."""
        return [self._check(policy, limit, subject) for limit in limits]

    def take_now(self, policy: RoutePolicy, checks: list[Check]) -> Taken | None:
        """As `take`, where nobody has to be asked; otherwise None, and nothing is taken."""
        counts = self._store.take_now(checks)
        return None if counts is None else self._decide(policy, checks, counts, self._ring)

    async def take(self, policy: RoutePolicy, limits: Sequence[Limit], subject: Subject) -> Taken:
        checks = self.checks(policy, limits, subject)
        if not checks:
            return NOTHING
        try:
            began = time.perf_counter()
            counts = await self._store.take(checks)
            self._metrics.store_took(time.perf_counter() - began)
        except StoreDown:
            return self._without_store(policy, checks)
        return self._decide(policy, checks, counts, self._ring)

    def _check(self, policy: RoutePolicy, limit: Limit, subject: Subject) -> Check:
        key = limit.key
        if key is Key.ADDRESS:
            whom = counted_as(subject.address)
        elif key is Key.USER:
            whom = subject.user or counted_as(subject.address)
        elif key is Key.TENANT:
            whom = subject.tenant
        else:
            whom = ""
        if len(whom) > _LONGEST_KEY:
            whom = hashlib.sha256(whom.encode()).hexdigest()
        amount = limit.amount_for(subject.role) if limit.tiers else limit.amount
        return Check(self._named(policy.name, limit.label) + whom, limit, max(amount, limit.cost))

    def _named(self, route: str, label: str) -> str:
        """What the keys of a limit begin with; routes and limits are few, so each is put together once."""
        name = self._names.get((route, label))
        if name is None:
            if len(self._names) >= _MOST_NAMES:
                # Those of routes that were reloaded away.
                self._names.clear()
            name = self._names[route, label] = f"{self._prefix}:limit:{route}:{label}:"
        return name

    def _without_store(self, policy: RoutePolicy, checks: list[Check]) -> Taken:
        how = OnStoreFailure.LOCAL if self._always_local else policy.on_store_failure
        self._metrics.store_failed(policy.name, how)
        match how:
            case OnStoreFailure.OPEN:
                return NOTHING
            case OnStoreFailure.CLOSED:
                return Taken(_CLOSED, [])
            case OnStoreFailure.LOCAL:
                replicas = self._replicas()
                shares = [
                    check._replace(amount=max(check.amount // replicas, check.limit.cost)) for check in checks
                ]
                return self._decide(policy, shares, self._local.take_now(shares), "local")

    def _decide(self, policy: RoutePolicy, checks: list[Check], counts: list[Count], ring: Ring) -> Taken:
        headers = tell(checks, counts, legacy=self._legacy)
        wait = 0.0
        refused = False
        for check, count in zip(checks, counts, strict=True):
            if not count.admitted:
                self._metrics.refused(policy.name, check.limit, ring)
                if not check.limit.shadow:
                    refused, wait = True, max(wait, count.reset)
        return Taken(too_many(wait) if refused else None, headers)


def too_many(seconds: float) -> Problem:
    wait = max(1, math.ceil(seconds))
    return Problem(
        status=429,
        reason="RATE_LIMITED",
        detail=f"Too many requests; try again in {wait} s.",
        headers=(retry_after(seconds),),
    )

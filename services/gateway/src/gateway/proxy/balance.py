"""Which endpoint of an upstream gets the next request: by turns or the least busy, around the sick ones."""

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from gateway.proxy.pool import Address, Pool


class Balance(enum.StrEnum):
    ROUND_ROBIN = "round_robin"
    LEAST_REQUESTS = "least_requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ejection:
    """An endpoint that fails so many times in a row is left alone for a while, longer each time."""

    failures: int = 5
    seconds: float = 10.0
    max_seconds: float = 300.0
    # Never more than this share of the endpoints at once: the rest would drown.
    max_share: float = 0.5


@dataclass(slots=True, eq=False)
class Endpoint:
    pool: Pool
    active: int = 0
    # Failures in a row; ejections since it was last well.
    failures: int = 0
    ejections: int = 0
    ejected_until: float = field(default=0.0)

    @property
    def address(self) -> Address:
        return self.pool.address


class Balancer:
    def __init__(
        self,
        *,
        how: Balance,
        ejection: Ejection | None,
        now: Callable[[], float],
        pool: Callable[[Address], Pool],
    ) -> None:
        self._how = how
        self._ejection = ejection
        self._now = now
        self._pool = pool
        self._endpoints: list[Endpoint] = []
        self._turn = 0

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        return self._endpoints

    def update(self, addresses: Iterable[Address]) -> None:
        """Make these the endpoints; those that stay keep their connections and their health."""
        known = {endpoint.address: endpoint for endpoint in self._endpoints}
        self._endpoints = [
            known.pop(address) if address in known else Endpoint(self._pool(address))
            for address in dict.fromkeys(addresses)
        ]
        for gone in known.values():
            gone.pool.close()

    def pick(self, avoid: Endpoint | None = None) -> Endpoint | None:
        """The next endpoint; `avoid` only if there is no other. None if the upstream has none at all."""
        endpoints = self._endpoints
        if len(endpoints) == 1:
            return endpoints[0]
        now = self._now()
        well = [e for e in endpoints if e.ejected_until <= now and e is not avoid]
        # All sick is no reason to refuse: the breaker decides about the upstream as a whole.
        candidates = well or [e for e in endpoints if e is not avoid] or endpoints
        if not candidates:
            return None
        self._turn += 1
        if self._how is Balance.LEAST_REQUESTS:
            # Ties are broken by turns, or the first endpoint would get all of a quiet time.
            start = self._turn % len(candidates)
            return min(candidates[start:] + candidates[:start], key=lambda e: e.active)
        return candidates[self._turn % len(candidates)]

    def succeeded(self, endpoint: Endpoint) -> None:
        if endpoint.failures or endpoint.ejections:
            endpoint.failures = 0
            endpoint.ejections = 0

    def failed(self, endpoint: Endpoint) -> bool:
        """Count a failure; True if it has the endpoint ejected."""
        endpoint.failures += 1
        rule = self._ejection
        if rule is None or endpoint.failures < rule.failures:
            return False
        now = self._now()
        out = sum(e.ejected_until > now for e in self._endpoints)
        if endpoint.ejected_until > now or out + 1 > rule.max_share * len(self._endpoints):
            return False
        endpoint.failures = 0
        endpoint.ejections += 1
        endpoint.ejected_until = now + min(
            rule.max_seconds, rule.seconds * 2 ** (min(endpoint.ejections, 16) - 1)
        )
        return True

    def close(self) -> None:
        """Keeps no connection from now on. Who found this upstream before that is still served."""
        for endpoint in self._endpoints:
            endpoint.pool.close()

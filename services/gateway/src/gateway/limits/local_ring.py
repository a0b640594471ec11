"""The inner ring on the gateway's own routes: slowapi in memory, on even when nothing else is."""

import os
import warnings

from limits import parse
from slowapi import Limiter as SlowLimiter
from slowapi.errors import RateLimitExceeded
from starlette.requests import Request

from gateway.clients import counted_as
from gateway.exchange import Exchange, exchange
from gateway.limits.limiter import too_many
from gateway.limits.notation import Limit
from gateway.limits.ring_counts import SCHEME
from gateway.problems import Problem


def _whom(found: Exchange) -> str:
    return counted_as(found.client) or "unknown"


def _address(request: Request) -> str:
    return _whom(exchange(request.scope))


def local_ring(*, enabled: bool) -> SlowLimiter:
    with warnings.catch_warnings():
        # It reads `.env` unless it is sent to a file that is none, and warns that it is none.
        warnings.simplefilter("ignore", UserWarning)
        ring = SlowLimiter(
            key_func=_address,
            # Memory answers at once; any other storage of slowapi would block the event loop.
            storage_uri=f"{SCHEME}://",
            # By endpoint: by URL, every path of a template would have a budget of its own.
            key_style="endpoint",
            headers_enabled=False,
            config_filename=os.devnull,
        )
    # Told here and not by its own reading of the environment.
    ring.enabled = enabled
    return ring


class RingOf:
    """The ring around an endpoint that answers without the framework.

    Args:
        ring: of all own routes.
        limit: in our notation.
        counted_as: the endpoint's full name; one that is decorated too has one budget with it.
    """

    def __init__(self, ring: SlowLimiter, limit: str, *, counted_as: str) -> None:
        self._ring = ring
        self._limit = parse(slow(limit))
        self._counted_as = counted_as

    def refuses(self, found: Exchange) -> Problem | None:
        if not self._ring.enabled or self._ring.limiter.hit(self._limit, _whom(found), self._counted_as):
            return None
        return too_many(self._limit.get_expiry())


def slow(limit: str) -> str:
    """Our notation in slowapi's."""
    parsed = Limit.parse(limit)
    return f"{parsed.amount} per {parsed.period} second"


def past_the_ring(exceeded: RateLimitExceeded) -> Problem:
    period: float = exceeded.limit.limit.get_expiry() if exceeded.limit is not None else 60.0
    return too_many(period)

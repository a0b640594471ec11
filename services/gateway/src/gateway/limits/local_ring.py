"""The inner ring on the gateway's own routes: slowapi in memory, on even when nothing else is."""

import os
import warnings

from slowapi import Limiter as SlowLimiter
from slowapi.errors import RateLimitExceeded
from starlette.requests import Request

from gateway.clients import counted_as
from gateway.exchange import exchange
from gateway.limits.limiter import too_many
from gateway.limits.notation import Limit
from gateway.problems import Problem


def _address(request: Request) -> str:
    return counted_as(exchange(request.scope).client) or "unknown"


def local_ring(*, enabled: bool) -> SlowLimiter:
    with warnings.catch_warnings():
        # It reads `.env` unless it is sent to a file that is none, and warns that it is none.
        warnings.simplefilter("ignore", UserWarning)
        ring = SlowLimiter(
            key_func=_address,
            # Memory answers at once; any other storage of slowapi would block the event loop.
            storage_uri="memory://",
            # By endpoint: by URL, every path of a template would have a budget of its own.
            key_style="endpoint",
            headers_enabled=False,
            config_filename=os.devnull,
        )
    # Told here and not by its own reading of the environment.
    ring.enabled = enabled
    return ring


def slow(limit: str) -> str:
    """Our notation in slowapi's."""
    parsed = Limit.parse(limit)
    return f"{parsed.amount} per {parsed.period} second"


def past_the_ring(exceeded: RateLimitExceeded) -> Problem:
    period: float = exceeded.limit.limit.get_expiry() if exceeded.limit is not None else 60.0
    return too_many(period)

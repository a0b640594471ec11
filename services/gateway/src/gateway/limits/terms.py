"""Which limits are so large that a few of their units may be taken in advance: how many, how long before."""

from functools import lru_cache
from typing import NamedTuple

from gateway.limits.notation import Algorithm, Limit

# Units in advance: at most this many, and at most one in so many of the limit.
_MOST_UNITS = 1000
_PART = 1000
# Seconds in advance: at most this, and at most one in so many of the time the limit takes to refill.
_LONGEST = 0.1
_LIFE_PART = 100


class Terms(NamedTuple):
    """At most `units` at a time, used within `life` seconds."""

    units: int
    life: float


@lru_cache(maxsize=4096)
def terms(limit: Limit, amount: int) -> Terms | None:
    """None for a limit that is counted one request at a time, exact to the unit."""
    bucket = limit.algorithm is Algorithm.BUCKET
    at_once = limit.burst if bucket and limit.burst is not None else amount
    units = min(_MOST_UNITS, amount // _PART, at_once // _PART)
    if units < 2 * limit.cost:
        return None
    refill = limit.period * min(1.0, at_once / amount)
    return Terms(units, min(_LONGEST, refill / _LIFE_PART))

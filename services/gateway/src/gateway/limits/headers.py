"""Limits in headers: RateLimit and RateLimit-Policy of the IETF draft 11, and the legacy ones if asked."""

import math
from collections.abc import Sequence
from functools import lru_cache

from gateway.exchange import Headers
from gateway.limits.counts import Check, Count


@lru_cache(maxsize=1024)
def _policy(name: str, amount: int, period: int) -> str:
    return f'"{name}";q={amount};w={period}'


def tell(checks: Sequence[Check], counts: Sequence[Count], *, legacy: bool) -> Headers:
    """Shadow limits are nobody's business but ours."""
    told = [(check, count) for check, count in zip(checks, counts, strict=True) if not check.limit.shadow]
    if not told:
        return []
    policies, states = [], []
    for number, (check, count) in enumerate(told):
        name = f"{check.limit.key}" if len(told) == 1 else f"{check.limit.key}-{number + 1}"
        policies.append(_policy(name, check.amount, check.limit.period))
        states.append(f'"{name}";r={count.remaining};t={math.ceil(count.reset)}')
    headers: Headers = [
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(states).encode()),
    ]
    if legacy:
        check, count = min(told, key=lambda pair: (pair[1].admitted, pair[1].remaining))
        headers += [
            (b"x-ratelimit-limit", b"%d" % check.amount),
            (b"x-ratelimit-remaining", b"%d" % count.remaining),
            (b"x-ratelimit-reset", b"%d" % math.ceil(count.reset)),
        ]
    return headers

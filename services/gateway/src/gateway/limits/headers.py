"""Limits in headers: RateLimit and RateLimit-Policy of the IETF draft 11, and the legacy ones if asked."""

import math
from collections.abc import Sequence
from functools import lru_cache

from gateway.exchange import Headers
from gateway.limits.counts import Check, Count
from gateway.limits.notation import Algorithm


def tell(checks: Sequence[Check], counts: Sequence[Count], *, legacy: bool) -> Headers:
    """Shadow limits are nobody's business but ours."""
    if len(checks) == 1:
        check, count = checks[0], counts[0]
        if check.limit.shadow:
            return []
        told = [(check, count)]
        policy, name = _policy(check.limit.whose, check.amount, check.limit.period)
        headers: Headers = [(b"ratelimit-policy", policy), (b"ratelimit", _state(name, check, count))]
    else:
        told = [(check, count) for check, count in zip(checks, counts, strict=True) if not check.limit.shadow]
        if not told:
            return []
        policies, states = [], []
        for number, (check, count) in enumerate(told, 1):
            policy, name = _policy(f"{check.limit.whose}-{number}", check.amount, check.limit.period)
            policies.append(policy)
            states.append(_state(name, check, count))
        headers = [(b"ratelimit-policy", b", ".join(policies)), (b"ratelimit", b", ".join(states))]
    if legacy:
        check, count = min(told, key=lambda pair: (pair[1].admitted, pair[1].remaining))
        headers += [
            (b"x-ratelimit-limit", b"%d" % check.amount),
            (b"x-ratelimit-remaining", b"%d" % count.remaining),
            (b"x-ratelimit-reset", b"%d" % _seconds(check, count)),
        ]
    return headers


@lru_cache(maxsize=1024)
def _policy(name: str, amount: int, period: int) -> tuple[bytes, bytes]:
    """The policy in its header's form, and its name."""
    return f'"{name}";q={amount};w={period}'.encode(), name.encode()


def _state(name: bytes, check: Check, count: Count) -> bytes:
    return b'"%b";r=%d;t=%d' % (name, count.remaining, _seconds(check, count))


def _seconds(check: Check, count: Count) -> int:
    """Until more comes free; what was leased counts a moment longer than the window that is told."""
    seconds = math.ceil(count.reset)
    return seconds if check.limit.algorithm is Algorithm.BUCKET else min(seconds, check.limit.period)

"""Limits in headers: what a client may compute with."""

import pytest

from gateway.limits.counts import Check, Count
from gateway.limits.headers import tell
from gateway.limits.notation import Limit


@pytest.mark.parametrize("algorithm", ["moving", "fixed"])
def test_a_window_never_comes_free_later_than_it_is_long(algorithm: str) -> None:
    limit = Limit.parse(f"5000/minute {algorithm}")
    headers = dict(tell([Check("k", limit, 5000)], [Count(True, 4900, 60.1)], legacy=True))

    assert headers[b"ratelimit-policy"] == b'"address";q=5000;w=60'
    assert headers[b"ratelimit"] == b'"address";r=4900;t=60'
    assert headers[b"x-ratelimit-reset"] == b"60"


def test_a_bucket_larger_than_its_rate_may_take_longer_to_fill() -> None:
    limit = Limit.parse("1/minute bucket burst 3")
    headers = dict(tell([Check("k", limit, 1)], [Count(True, 0, 180)], legacy=False))

    assert headers[b"ratelimit"] == b'"address";r=0;t=180'

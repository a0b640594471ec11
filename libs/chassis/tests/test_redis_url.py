"""A store has many names and one address."""

import pytest

from chassis.redis_url import redis_url


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("redis://h:1/0", "redis://h:1/0"),
        ("async+redis://h:1/0", "redis://h:1/0"),
        ("valkeys://u:valkey@h:1/0", "rediss://u:valkey@h:1/0"),
        ("redis+unix:///run/valkey?db=1", "unix:///run/valkey?db=1"),
        ("async+redis+unix:///run/s", "unix:///run/s"),
    ],
)
def test_all_names_of_one_store_are_understood(given: str, meant: str) -> None:
    assert redis_url(given) == meant

"""What a soak sees, and what it takes for growth."""

from pathlib import Path

import pytest
import uvloop

from bench import soak
from bench.growth import compared
from bench.installation import installed


def test_what_grows_is_told_and_what_wobbles_or_warms_up_is_not():
    seen = {
        ("gateway", "MB"): [60.0, 110, 120, 121, 119, 120, 120, 125, 120, 121, 119, 122],
        ("auth", "MB"): [100.0 + at for at in range(0, 24, 2)],
        ("triage", "files"): [20.0, 20, 20, 21, 20, 20, 20, 24, 23, 20, 21, 20],
        ("Redis", "clients"): [4.0, 4, 4, 4, 4, 4, 5, 6, 7, 8, 8, 8],
    }
    assert {(line.name, line.kept) for line in compared(seen)} == {
        ("gateway", True),
        ("auth", False),
        ("triage", True),
        ("Redis", False),
    }


@pytest.mark.alone
@pytest.mark.slow
def test_everyday_traffic_is_answered_as_it_deserves_and_everything_is_watched(tmp_path: Path):
    with installed(tmp_path, bcrypt_rounds=4, more=soak.SETTINGS) as there:
        soaked = uvloop.run(soak.soak(there, seconds=4, every=0.5))

    assert soaked.seen.wrong == {}
    kinds = {kind for kind, _ in soaked.seen.answers}
    assert kinds >= {"authz", "kib", "protected", "refresh", "login", "logout", "triage", "stranger"}
    assert soaked.seen.answers["health", 429] > 0
    assert soaked.seen.total > soaked.rate * 4 / 2
    watched = {(line.name, line.unit) for line in soaked.lines}
    assert watched >= {
        (name, unit) for name in ("gateway", "auth", "triage") for unit in ("MB", "files", "threads")
    }
    assert {("PostgreSQL", "connections"), ("Redis", "clients")} <= watched

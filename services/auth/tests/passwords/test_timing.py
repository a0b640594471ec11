"""What a check costs says nothing about the account, and holds up nothing else."""

import random
import time
from collections.abc import AsyncIterator, Sequence
from statistics import median

import bcrypt
import pytest

from auth.domain.passwords.hasher import PasswordHasher
from auth.domain.passwords.peppers import Peppers
from auth.domain.passwords.pool import HashingPool
from auth.domain.secret_keys import SecretKeys

pytestmark = pytest.mark.alone

PASSWORD = "correct horse battery staple"
ROUNDS = 6
SAMPLES = 200

# The standard deviation of `chance_of_less` is 0.029 for two samples of 200 of one
# distribution: this is five of them, about one false alarm in two million pairs.
MARGIN = 0.145


def chance_of_less(one: Sequence[float], other: Sequence[float]) -> float:
    """Mann and Whitney's U as a share: 0.5 when the two look alike, 0 or 1 when they never overlap."""
    wins = sum((a < b) + (a == b) / 2 for a in one for b in other)
    return wins / (len(one) * len(other))


@pytest.fixture
async def pool() -> AsyncIterator[HashingPool]:
    pool = HashingPool(threads=2, queue=64)
    yield pool
    await pool.close()


def hasher_with(pool: HashingPool, rounds: int) -> PasswordHasher:
    return PasswordHasher(peppers=Peppers.derive(SecretKeys(b"k" * 32)), rounds=rounds, pool=pool)


async def timings(
    hasher: PasswordHasher, columns: dict[str, str | None], *, samples: int = SAMPLES
) -> dict[str, list[float]]:
    """Taken in turns, so that whatever else the machine does befalls all alike."""
    taken: dict[str, list[float]] = {name: [] for name in columns}
    for turn in range(samples + 5):
        for name, stored in random.sample(list(columns.items()), len(columns)):
            began = time.perf_counter()
            await hasher.verify(stored, "not the password of anybody")
            if turn >= 5:
                taken[name].append(time.perf_counter() - began)
    return taken


async def test_unknown_known_disabled_and_broken_accounts_take_equally_long(pool: HashingPool) -> None:
    hasher = hasher_with(pool, ROUNDS)
    taken = await timings(
        hasher,
        {
            "unknown": None,
            "known": await hasher.hash(PASSWORD),
            "disabled": await hasher.hash(PASSWORD + "!"),
            "broken": "ars1$not a hash",
            "lost pepper": "ars1$000000000000" + (await hasher.hash(PASSWORD))[17:],
        },
    )

    shares = {name: chance_of_less(taken["known"], other) for name, other in taken.items() if name != "known"}
    assert all(abs(share - 0.5) < MARGIN for share in shares.values()), shares


async def test_the_comparison_sees_a_check_that_is_a_fifth_cheaper(pool: HashingPool) -> None:
    hasher = hasher_with(pool, ROUNDS)
    taken = await timings(hasher, {"one": None, "other": None})

    assert chance_of_less([seconds * 0.8 for seconds in taken["one"]], taken["other"]) > 0.5 + MARGIN


async def test_a_cheaper_imported_hash_is_checked_at_the_price_of_today(pool: HashingPool) -> None:
    # At cost 8 what every bcrypt costs once besides its rounds no longer shows.
    hasher = hasher_with(pool, 8)
    cheap = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
    taken = await timings(hasher, {"unknown": None, "imported": cheap}, samples=40)

    assert 0.8 < median(taken["imported"]) / median(taken["unknown"]) < 1.25

"""Password hashes: one way in, every accepted way checked, SECRET_KEY and cost may change."""

import unicodedata
from collections.abc import AsyncIterator, Callable

import bcrypt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auth.domain.passwords.hasher import PasswordHasher, Verified
from auth.domain.passwords.peppers import Peppers
from auth.domain.passwords.pool import HashingPool
from auth.domain.secret_keys import SecretKeys

OLD = b"the key of last year, long enough"
NEW = b"the key of this year, long enough"
PASSWORD = "correct horse battery staple"
# One salt for every process: it is part of the names of tests below, which have to agree.
IMPORTED = bcrypt.hashpw(PASSWORD.encode(), b"$2b$04$UkI7n9aYq9B6y.ua1T05VO").decode()

Hashers = Callable[..., PasswordHasher]


@pytest.fixture
async def hashers() -> AsyncIterator[Hashers]:
    pool = HashingPool(threads=1, queue=1000)

    def hasher(current: bytes = NEW, *previous: bytes, rounds: int = 4) -> PasswordHasher:
        return PasswordHasher(peppers=Peppers.derive(SecretKeys(current, previous)), rounds=rounds, pool=pool)

    yield hasher
    await pool.close()


async def test_a_password_matches_its_own_hash_and_needs_no_new_one(hashers: Hashers) -> None:
    stored = await hashers().hash(PASSWORD)

    assert await hashers().verify(stored, PASSWORD) == Verified(ok=True, rehash=None)
    assert await hashers().verify(stored, PASSWORD + " ") == Verified(ok=False)


async def test_two_hashes_of_one_password_share_only_scheme_and_pepper(
    hashers: Hashers,
) -> None:
    one, other = [await hashers().hash(PASSWORD) for _ in range(2)]

    assert one.startswith("ars1$")
    assert one.split("$")[:2] == other.split("$")[:2]
    assert one.split("$")[-1][:22] != other.split("$")[-1][:22]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=128), st.text(min_size=1, max_size=128))
async def test_only_the_same_text_matches_whatever_it_is_made_of(
    hashers: Hashers, password: str, other: str
) -> None:
    stored = await hashers().hash(password)

    same = unicodedata.normalize("NFKC", password) == unicodedata.normalize("NFKC", other)
    assert (await hashers().verify(stored, other)).ok is same
    assert (await hashers().verify(stored, password)).ok


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=100), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
async def test_how_a_keyboard_composes_its_characters_does_not_matter(
    hashers: Hashers, password: str, form: str
) -> None:
    stored = await hashers().hash(password)

    assert (await hashers().verify(stored, unicodedata.normalize(form, password))).ok


@pytest.mark.parametrize("tail", ["x", "\0x", "é"])
async def test_nothing_past_the_72nd_byte_or_a_nul_is_lost(hashers: Hashers, tail: str) -> None:
    stored = await hashers().hash("a" * 100 + tail)

    assert (await hashers().verify(stored, "a" * 100 + tail)).ok
    assert not (await hashers().verify(stored, "a" * 100)).ok
    assert not (await hashers().verify(stored, "a" * 72)).ok


async def test_the_same_password_under_another_secret_key_does_not_match(hashers: Hashers) -> None:
    stored = await hashers(OLD).hash(PASSWORD)

    assert await hashers(NEW).verify(stored, PASSWORD) == Verified(ok=False)


async def test_a_hash_outlives_the_secret_key_it_was_made_with_by_one_sign_in(hashers: Hashers) -> None:
    stored = await hashers(OLD).hash(PASSWORD)

    verified = await hashers(NEW, OLD).verify(stored, PASSWORD)

    assert verified.ok
    assert verified.rehash is not None
    assert await hashers(NEW).verify(verified.rehash, PASSWORD) == Verified(ok=True)


async def test_while_a_fleet_changes_keys_each_replica_reads_what_the_other_wrote(hashers: Hashers) -> None:
    before, after = hashers(OLD, NEW), hashers(NEW, OLD)

    assert (await before.verify(await after.hash(PASSWORD), PASSWORD)).ok
    assert (await after.verify(await before.hash(PASSWORD), PASSWORD)).ok


@pytest.mark.parametrize("scheme", ["$2a$", "$2b$", "$2y$"])
async def test_an_imported_hash_matches_once_and_becomes_ours(hashers: Hashers, scheme: str) -> None:
    verified = await hashers().verify(scheme + IMPORTED[4:], PASSWORD)

    assert verified.ok
    assert verified.rehash is not None
    assert verified.rehash.startswith("ars1$")
    assert await hashers().verify(verified.rehash, PASSWORD) == Verified(ok=True)


async def test_an_imported_hash_of_a_long_password_was_cut_at_72_bytes(hashers: Hashers) -> None:
    long = "é" * 60
    imported = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode()

    assert (await hashers().verify(imported, long)).ok


async def test_rubbish_in_the_spare_bits_of_an_imported_salt_does_not_matter(hashers: Hashers) -> None:
    alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    last = IMPORTED[28]
    sloppy = IMPORTED[:28] + alphabet[alphabet.index(last) + 5] + IMPORTED[29:]

    assert (await hashers().verify(sloppy, PASSWORD)).ok


@pytest.mark.parametrize(("before", "after"), [(4, 5), (5, 4)])
async def test_another_cost_takes_effect_at_next_sign_in(hashers: Hashers, before: int, after: int) -> None:
    stored = await hashers(rounds=before).hash(PASSWORD)

    verified = await hashers(rounds=after).verify(stored, PASSWORD)

    assert verified.rehash is not None
    assert f"$2b${after:02}$" in verified.rehash
    assert (await hashers(rounds=after).verify(stored, "wrong")).rehash is None


BROKEN = [
    None,
    "",
    "!",
    "plain text",
    IMPORTED[:-1],
    IMPORTED + "x",
    IMPORTED.replace("$04$", "$31$"),
    IMPORTED.replace("$04$", "$03$"),
    "$2x$" + IMPORTED[4:],
    "ars1$" + IMPORTED,
    "ars1$ffffffffffff" + IMPORTED,
    "ars2$ffffffffffff" + IMPORTED,
    "\n" + IMPORTED,
    IMPORTED + "\n",
]


@pytest.mark.parametrize("stored", BROKEN)
async def test_nobody_signs_in_with_a_hash_that_is_not_one(hashers: Hashers, stored: str | None) -> None:
    assert await hashers().verify(stored, PASSWORD) == Verified(ok=False)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.from_regex(r"(ars1\$[0-9a-f]{12})?\$2[abxy]\$\d\d\$.{50,56}")), st.text())
async def test_no_column_raises(hashers: Hashers, stored: str, password: str) -> None:
    if "$16$" not in stored and "$15$" not in stored and "$14$" not in stored and "$13$" not in stored:
        await hashers().verify(stored, password)


async def test_a_password_of_a_megabyte_is_refused_without_being_normalised(hashers: Hashers) -> None:
    stored = bcrypt.hashpw(b"a" * 72, bcrypt.gensalt(4)).decode()

    assert not (await hashers().verify(stored, "a" * 1_000_000)).ok


def test_neither_peppers_nor_hashes_of_them_show_the_key() -> None:
    peppers = Peppers.derive(SecretKeys(NEW, (OLD,)))

    assert len(peppers.ids) == 2
    assert peppers.current.key.hex() not in repr(peppers)
    assert repr(peppers.current.key) not in repr(peppers)
    assert peppers.current.id not in peppers.current.key.hex()

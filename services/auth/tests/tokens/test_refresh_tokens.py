"""Refresh tokens: told from forgeries without asking anybody, and followed by one successor only."""

import hashlib
import string
import uuid
from typing import Final

import hypothesis.strategies as st
import pytest
from hypothesis import given

from auth.domain.refresh_tokens import PREFIX, RefreshToken, RefreshTokens
from auth.domain.secret_keys import SecretKeys, _hkdf
from chassis.errors import Unauthenticated

OLD: Final = b"an old secret, long and random, as it should be"
NEW: Final = b"a new secret, long and random, as it should be!"
SESSION: Final = uuid.UUID("8c1f2a52-6e0b-4b55-9f0e-0d6c1f8f7a11")


def tokens(current: bytes = OLD, *previous: bytes) -> RefreshTokens:
    return RefreshTokens(SecretKeys(current, previous), lambda size: hashlib.shake_256(b"x").digest(size))


def test_a_token_is_recognisable_and_carries_256_random_bits():
    text = tokens().text(tokens().first(SESSION))

    assert text.startswith("ars_rt_")
    assert len(tokens().first(SESSION).secret) * 8 == 256


@given(st.uuids(), st.integers(0, 2**31 - 2), st.binary(min_size=32, max_size=32))
def test_what_was_made_is_read_back(session: uuid.UUID, generation: int, secret: bytes):
    token = RefreshToken(session, generation, secret)

    assert tokens().parse(tokens().text(token)) == token


@given(st.integers(0, 97), st.characters())
def test_no_token_with_one_character_changed_is_ours(at: int, character: str):
    text = tokens().text(tokens().first(SESSION))
    if text[at] == character:
        return

    with pytest.raises(Unauthenticated):
        tokens().parse(text[:at] + character + text[at + 1 :])


@given(st.text(max_size=200))
def test_no_text_is_ours_by_chance(text: str):
    with pytest.raises(Unauthenticated):
        tokens().parse(text)
    with pytest.raises(Unauthenticated):
        tokens().parse(PREFIX + text)


@pytest.mark.parametrize("added", [" ", "=", "\n", "A", "\x00"])
def test_a_token_has_one_spelling(added: str):
    text = tokens().text(tokens().first(SESSION))

    for other in (text + added, added + text, text[:-1], text.upper()):
        with pytest.raises(Unauthenticated):
            tokens().parse(other)


def test_the_spare_bits_of_the_last_character_are_not_ours_to_give():
    text = tokens().text(tokens().first(SESSION))
    alphabet = string.ascii_letters + string.digits + "-_"

    for last in set(alphabet) - {text[-1]}:
        with pytest.raises(Unauthenticated):
            tokens().parse(text[:-1] + last)


def test_a_token_of_another_installation_is_not_ours():
    with pytest.raises(Unauthenticated):
        tokens(NEW).parse(tokens(OLD).text(tokens(OLD).first(SESSION)))


def test_the_successor_follows_from_the_token_alone():
    first = tokens().first(SESSION)

    assert tokens().successor(first) == tokens().successor(tokens().parse(tokens().text(first)))
    assert tokens().successor(first).generation == 1
    assert tokens().successor(first).secret != first.secret


def test_two_replicas_that_call_different_secrets_current_make_one_successor():
    old, new = tokens(OLD, NEW), tokens(NEW, OLD)
    text = old.text(old.first(SESSION))

    one, other = old.successor(old.parse(text)), new.successor(new.parse(text))

    assert (one.generation, one.secret) == (other.generation, other.secret)
    assert new.digest(other) in old.digests(one)
    assert old.parse(new.text(other)).secret == new.parse(old.text(one)).secret


def test_nobody_without_the_secret_can_make_a_successor():
    first = tokens().first(SESSION)

    assert tokens(NEW).successor(first).secret != tokens(OLD).successor(first).secret


def test_neither_the_text_nor_the_secret_is_in_what_is_kept():
    token = tokens().first(SESSION)
    kept = tokens().digest(token)

    assert kept not in tokens().text(token).encode()
    assert kept != hashlib.sha256(token.body()).digest()
    assert token.secret.hex() not in repr(token)


def test_keys_of_two_purposes_have_nothing_in_common():
    keys = SecretKeys(OLD, (NEW,))

    assert len({*keys.derive("one"), *keys.derive("other")}) == 4
    assert OLD.decode() not in repr(keys)


def test_derivation_is_hkdf_sha256():
    # RFC 5869, test case 3: no salt, no info, the first block.
    okm = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"

    assert _hkdf(bytes.fromhex("0b" * 22), b"").hex() == okm

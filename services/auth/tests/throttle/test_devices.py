"""Device tokens prove an earlier sign-in to one account and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from auth.domain.throttle.devices import LIFETIME_SECONDS, DeviceTokens

NOW = 1_767_225_600.0
TOKENS = DeviceTokens(keys=(b"new" * 11, b"old" * 11))


@settings(deadline=None)
@given(st.text(min_size=1, max_size=128), st.text(min_size=1, max_size=128))
def test_a_token_is_known_for_its_own_account_only(account: str, other: str) -> None:
    token = TOKENS.issue(account, now=NOW)

    assert TOKENS.recognise(token, account, now=NOW) is not None
    assert (TOKENS.recognise(token, other, now=NOW) is not None) is (account == other)


@settings(deadline=None)
@given(st.text(max_size=140))
def test_what_is_not_a_token_is_nobodys(text: str) -> None:
    assert TOKENS.recognise(text, "alice", now=NOW) is None
    assert TOKENS.recognise("ard_" + text, "alice", now=NOW) is None


@settings(deadline=None)
@given(st.integers(0, 75), st.integers(1, 63))
def test_no_character_of_a_token_can_be_changed(place: int, step: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = TOKENS.issue("alice", now=NOW)
    at = 4 + place % (len(token) - 4)
    forged = token[:at] + alphabet[(alphabet.index(token[at]) + step) % 64] + token[at + 1 :]

    assert TOKENS.recognise(forged, "alice", now=NOW) is None


def test_a_device_keeps_its_queue_when_its_token_is_renewed() -> None:
    first = TOKENS.recognise(TOKENS.issue("alice", now=NOW), "alice", now=NOW)
    renewed = TOKENS.issue("alice", now=NOW + 9, device=first)

    assert TOKENS.recognise(renewed, "alice", now=NOW + 9) == first
    assert TOKENS.recognise(TOKENS.issue("alice", now=NOW), "alice", now=NOW) != first


def test_a_token_ends_and_a_token_from_the_future_is_not_believed() -> None:
    token = TOKENS.issue("alice", now=NOW)

    assert TOKENS.recognise(token, "alice", now=NOW + LIFETIME_SECONDS - 61) is not None
    assert TOKENS.recognise(token, "alice", now=NOW + LIFETIME_SECONDS + 1) is None
    assert TOKENS.recognise(token, "alice", now=NOW - 3600) is None


def test_a_token_outlives_one_change_of_the_secret_key() -> None:
    old, newest = DeviceTokens(keys=(b"old" * 11,)), DeviceTokens(keys=(b"newest" * 6,))
    token = old.issue("alice", now=NOW)

    assert TOKENS.recognise(token, "alice", now=NOW) is not None
    assert newest.recognise(token, "alice", now=NOW) is None

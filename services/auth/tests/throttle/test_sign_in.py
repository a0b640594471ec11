"""How often a password may be tried, whichever place counts."""

import asyncio

import pytest

from auth.domain.throttle.sign_in import ACCOUNT, ACCOUNT_AND_NETWORK, ADDRESS, DEVICE, SignInThrottle
from chassis.errors import Exhausted
from chassis.testing import FrozenClock

HOME = "203.0.113.7"


async def tried(throttle: SignInThrottle, account: str, address: str, device_token: str = "") -> float:
    """0 when the try may be made, else the seconds to wait."""
    try:
        await throttle.reserve(account=account, address=address, device_token=device_token)
    except Exhausted as refused:
        return refused.retry_after or float("nan")
    return 0.0


async def known_device(throttle: SignInThrottle, account: str = "alice") -> str:
    attempt = await throttle.reserve(account=account, address=HOME)
    return await throttle.succeeded(attempt, account=account)


async def test_a_few_wrong_passwords_cost_nothing_and_then_each_doubles_the_wait(
    throttle: SignInThrottle, clock: FrozenClock
) -> None:
    free = [await tried(throttle, "alice", HOME) for _ in range(ACCOUNT_AND_NETWORK.free)]
    waits = []
    for _ in range(4):
        waits.append(await tried(throttle, "alice", HOME))
        clock.advance(waits[-1])
        assert await tried(throttle, "alice", HOME) == 0

    assert free == [0.0] * ACCOUNT_AND_NETWORK.free
    assert waits == [1, 2, 4, 8]


async def test_a_refused_try_does_not_lengthen_the_wait(throttle: SignInThrottle, clock: FrozenClock) -> None:
    for _ in range(ACCOUNT_AND_NETWORK.free):
        await tried(throttle, "alice", HOME)

    assert [await tried(throttle, "alice", HOME) for _ in range(50)] == [1] * 50
    clock.advance(1)
    assert await tried(throttle, "alice", HOME) == 0


async def test_a_thousand_tries_at_once_get_no_more_than_one_by_one(
    throttle: SignInThrottle,
) -> None:
    waits = await asyncio.gather(*(tried(throttle, "alice", HOME) for _ in range(1000)))

    assert waits.count(0) == ACCOUNT_AND_NETWORK.free


async def test_the_right_password_forgets_the_wrong_ones_from_there(throttle: SignInThrottle) -> None:
    for _ in range(ACCOUNT_AND_NETWORK.free - 1):
        await tried(throttle, "alice", HOME)
    await throttle.succeeded(await throttle.reserve(account="alice", address=HOME), account="alice")

    waits = [await tried(throttle, "alice", HOME) for _ in range(ACCOUNT_AND_NETWORK.free + 1)]
    assert waits == [0] * ACCOUNT_AND_NETWORK.free + [1]


async def test_a_success_elsewhere_forgets_no_guess_at_the_account(throttle: SignInThrottle) -> None:
    for number in range(ACCOUNT.free):
        await tried(throttle, "alice", f"10.0.{number}.1")
    token = await known_device(throttle, "bob")
    await throttle.succeeded(
        await throttle.reserve(account="bob", address=HOME, device_token=token), account="bob"
    )

    assert await tried(throttle, "alice", "198.51.100.1") == 1


async def test_signing_in_to_ones_own_account_forgets_no_guess_at_others(throttle: SignInThrottle) -> None:
    for number in range(ADDRESS.free - 1):
        await tried(throttle, f"user{number}", HOME)
        if number % 10 == 0:
            attempt = await throttle.reserve(account="mallory", address=HOME)
            await throttle.succeeded(attempt, account="mallory")

    assert [await tried(throttle, f"victim{number}", HOME) for number in range(2)] == [0, 1]


async def test_a_success_gives_the_account_back_that_one_try_only(throttle: SignInThrottle) -> None:
    for number in range(ACCOUNT.free - 1):
        await tried(throttle, "alice", f"10.0.{number}.1")
    await throttle.succeeded(await throttle.reserve(account="alice", address=HOME), account="alice")

    assert [await tried(throttle, "alice", f"10.1.{number}.1") for number in range(2)] == [0, 1]


async def test_renewed_tokens_of_one_device_share_its_queue(throttle: SignInThrottle) -> None:
    token = await known_device(throttle)
    attempt = await throttle.reserve(account="alice", address=HOME, device_token=token)
    renewed = await throttle.succeeded(attempt, account="alice")
    for number in range(DEVICE.free):
        assert await tried(throttle, "alice", HOME, (token, renewed)[number % 2]) == 0

    assert [await tried(throttle, "alice", HOME, known) for known in (token, renewed)] == [1, 1]


async def test_one_who_signs_in_all_day_is_never_throttled(throttle: SignInThrottle) -> None:
    for _ in range(200):
        attempt = await throttle.reserve(account="alice", address=HOME)
        await throttle.succeeded(attempt, account="alice")


async def test_a_try_that_was_never_judged_is_not_counted(throttle: SignInThrottle) -> None:
    for _ in range(100):
        await throttle.abandoned(await throttle.reserve(account="alice", address=HOME))


async def test_quiet_time_forgives(throttle: SignInThrottle, clock: FrozenClock) -> None:
    for _ in range(ACCOUNT_AND_NETWORK.free):
        await tried(throttle, "alice", HOME)
    clock.advance(ACCOUNT_AND_NETWORK.fade * ACCOUNT_AND_NETWORK.free)

    waits = [await tried(throttle, "alice", HOME) for _ in range(ACCOUNT_AND_NETWORK.free + 1)]
    assert waits == [0] * ACCOUNT_AND_NETWORK.free + [1]


@pytest.mark.parametrize(
    "addresses",
    [
        ["198.51.100.1", "198.51.100.250"],
        ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"],
        ["198.51.100.1", "::ffff:198.51.100.9"],
        ["", "no address at all"],
    ],
)
async def test_a_network_shares_its_tries_at_an_account(
    throttle: SignInThrottle, addresses: list[str]
) -> None:
    for number in range(ACCOUNT_AND_NETWORK.free):
        assert await tried(throttle, "alice", addresses[number % 2]) == 0

    assert [await tried(throttle, "alice", address) for address in addresses] == [1, 1]


async def test_another_network_and_another_account_have_tries_of_their_own(throttle: SignInThrottle) -> None:
    for _ in range(ACCOUNT_AND_NETWORK.free):
        await tried(throttle, "alice", HOME)

    assert await tried(throttle, "alice", "198.51.100.1") == 0
    assert await tried(throttle, "bob", HOME) == 0


async def test_one_address_cannot_try_one_password_on_everybody(throttle: SignInThrottle) -> None:
    waits = [await tried(throttle, f"user{number}", HOME) for number in range(ADDRESS.free + 1)]

    assert waits == [0] * ADDRESS.free + [1]


async def test_many_addresses_cannot_try_everything_on_one_account(
    throttle: SignInThrottle, clock: FrozenClock
) -> None:
    guesses = 0
    for second in range(0, 24 * 3600, 10):
        address = f"10.{second >> 16 & 255}.{second >> 8 & 255}.{second & 255}"
        guesses += await tried(throttle, "alice", address) == 0
        clock.advance(10)

    assert ACCOUNT.free < guesses <= ACCOUNT.free + 10 + 24 * 3600 / ACCOUNT.fade


async def test_the_owner_signs_in_from_a_known_device_while_an_attack_runs(
    throttle: SignInThrottle, clock: FrozenClock
) -> None:
    token = await known_device(throttle)
    blocked = 0
    for minute in range(30):
        for number in range(100):
            # The last of them even shares the owner's address.
            address = HOME if number == 99 else f"10.{minute}.{number}.1"
            blocked += await tried(throttle, "alice", address) > 0
            clock.advance(0.6)

        attempt = await throttle.reserve(account="alice", address=HOME, device_token=token)
        token = await throttle.succeeded(attempt, account="alice")

    assert blocked > 2900
    assert await tried(throttle, "alice", "192.0.2.1") > 0


async def test_a_stolen_device_token_buys_only_a_queue_of_its_own(
    throttle: SignInThrottle, clock: FrozenClock
) -> None:
    token = await known_device(throttle)
    guesses = 0
    for second in range(0, 24 * 3600, 10):
        guesses += await tried(throttle, "alice", f"10.0.{second % 250}.1", token) == 0
        clock.advance(10)

    assert guesses < 200
    assert await tried(throttle, "alice", HOME) == 0


async def test_whether_an_account_exists_makes_no_difference(
    throttle: SignInThrottle, clock: FrozenClock
) -> None:
    await known_device(throttle, "alice")
    told: dict[str, list[float]] = {"alice": [], "nobody": []}
    for step in range(60):
        for account, network in (("alice", "a"), ("nobody", "b")):
            told[account].append(await tried(throttle, account, f"2001:db8:{network}:{step // 8}::1"))
        clock.advance(0.5)

    assert told["alice"] == told["nobody"]
    assert any(told["alice"])


async def test_a_clock_that_went_back_frees_nobody(throttle: SignInThrottle, clock: FrozenClock) -> None:
    for _ in range(ACCOUNT_AND_NETWORK.free):
        await tried(throttle, "alice", HOME)
    clock._now = clock._now.replace(year=2025)

    assert await tried(throttle, "alice", HOME) == 1


async def test_the_refusal_is_machine_readable_and_names_nobody(throttle: SignInThrottle) -> None:
    for _ in range(ACCOUNT_AND_NETWORK.free):
        await tried(throttle, "alice", HOME)

    with pytest.raises(Exhausted) as refused:
        await throttle.reserve(account="alice", address=HOME)

    assert refused.value.reason == "SIGN_IN_THROTTLED"
    assert refused.value.retry_after == 1
    assert not refused.value.metadata
    assert "alice" not in refused.value.detail

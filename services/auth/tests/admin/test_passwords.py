"""Passwords set by an admin, by a reset token and by their owner."""

import asyncio
from typing import Any

import pytest

from chassis.errors import Exhausted, Invalid, ServiceError, Unauthenticated
from reliability.auth.v1 import auth_pb2 as pb

GOOD = "seven lamps on a long pier"
BETTER = "eight lamps on a short pier"


async def test_the_old_password_is_void_from_the_moment_of_a_reset(admin: Any, auth: Any) -> None:
    user = (await admin.named("ada")).id
    first = await admin.ask(admin.users.ResetPassword, pb.ResetPasswordRequest(user_id=user))
    with pytest.raises(Unauthenticated):
        await auth.login("ada")
    second = await admin.ask(admin.users.ResetPassword, pb.ResetPasswordRequest(user_id=user))
    with pytest.raises(Unauthenticated) as superseded:
        await auth.call(
            auth.auth.RedeemPasswordReset,
            pb.RedeemPasswordResetRequest(reset_token=first.reset_token, new_password=GOOD),
        )
    await admin.ask(admin.users.ResetPassword, pb.ResetPasswordRequest(user_id=user, new_password=GOOD))
    with pytest.raises(Unauthenticated):
        await auth.call(
            auth.auth.RedeemPasswordReset,
            pb.RedeemPasswordResetRequest(reset_token=second.reset_token, new_password=BETTER),
        )

    assert superseded.value.reason == "INVALID_RESET_TOKEN"
    assert second.reset_token_expires_at.seconds > 0
    assert (await auth.login("ada", GOOD)).access_token


async def test_one_of_many_who_redeem_a_token_at_once_sets_the_password(admin: Any, auth: Any) -> None:
    made = await admin.create("grace")
    words = ["amber", "basalt", "cedar", "dune", "ember", "fjord"]
    results = await asyncio.gather(
        *(
            auth.call(
                auth.auth.RedeemPasswordReset,
                pb.RedeemPasswordResetRequest(
                    reset_token=made.reset_token, new_password=f"{word} lamps on a long pier"
                ),
            )
            for word in words
        ),
        return_exceptions=True,
    )

    winners = [word for word, result in zip(words, results, strict=True) if not isinstance(result, Exception)]
    assert len(winners) == 1
    assert (await auth.login("grace", f"{winners[0]} lamps on a long pier")).access_token


async def test_changing_ones_password_ends_the_other_sessions_only(
    auth: Any, ended_soon: Any, still_works: Any, password: str
) -> None:
    here, there = await auth.login("ada"), await auth.login("ada")
    request = pb.ChangePasswordRequest(current_password=password, new_password=GOOD)

    await auth.call(auth.auth.ChangePassword, request, here)

    assert await ended_soon(there)
    assert await still_works(here)
    assert (await auth.login("ada", GOOD)).access_token
    with pytest.raises(Unauthenticated):
        await auth.login("ada", password)


async def test_a_stolen_access_token_does_not_find_out_the_password(auth: Any, password: str) -> None:
    tokens = await auth.login("ada")
    outcomes = []
    for _ in range(12):
        try:
            await auth.call(
                auth.auth.ChangePassword,
                pb.ChangePasswordRequest(current_password="wrong", new_password=GOOD),
                tokens,
            )
        except ServiceError as refused:
            outcomes.append(refused.reason)
    with pytest.raises(Exhausted):
        await auth.call(
            auth.auth.ChangePassword,
            pb.ChangePasswordRequest(current_password=password, new_password=GOOD),
            tokens,
        )

    assert outcomes == ["INVALID_CREDENTIALS"] * 10 + ["SIGN_IN_THROTTLED"] * 2
    assert (await auth.login("ada")).access_token


async def test_a_user_without_a_password_sets_one_with_a_token_that_works_once(admin: Any, auth: Any) -> None:
    made = await admin.create("grace", role=pb.ROLE_ADMIN)
    redeem = pb.RedeemPasswordResetRequest(reset_token=made.reset_token, new_password=GOOD)

    with pytest.raises(Unauthenticated):
        await auth.login("grace", "")
    with pytest.raises(Invalid) as weak:
        await auth.call(
            auth.auth.RedeemPasswordReset,
            pb.RedeemPasswordResetRequest(reset_token=made.reset_token, new_password="gracegrace2026grace"),
        )
    await auth.call(auth.auth.RedeemPasswordReset, redeem)
    with pytest.raises(Unauthenticated) as again:
        await auth.call(auth.auth.RedeemPasswordReset, redeem)

    assert weak.value.reason == "WEAK_PASSWORD"
    assert again.value.reason == "INVALID_RESET_TOKEN"
    assert (await auth.login("grace", GOOD)).role == pb.ROLE_ADMIN

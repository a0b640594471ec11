"""The first admin is made once, by who knows the secret."""

import asyncio
from typing import Any

import pytest

from chassis.errors import Conflict, Invalid, Unauthenticated
from reliability.auth.v1 import auth_pb2 as pb

SECRET = "V4nish-0nce-u5ed-7Qx2Lr9WmBt6Zk1Hs8"
GOOD = "seven lamps on a long pier"


def request(secret: str = SECRET, username: str = "first", password: str = GOOD) -> pb.BootstrapRequest:
    return pb.BootstrapRequest(bootstrap_secret=secret, username=username, password=password)


async def test_one_of_many_at_once_becomes_the_first_admin_and_then_nobody(
    replicas: Any, postgres_url: str
) -> None:
    async with replicas(postgres_url, BOOTSTRAP_SECRET=SECRET) as auth:
        results = await asyncio.gather(
            *(auth.call(auth.auth.Bootstrap, request(username=f"user{number}")) for number in range(6)),
            return_exceptions=True,
        )
        made = [result.user for result in results if not isinstance(result, BaseException)]
        tokens = await auth.login(made[0].username, GOOD)
        with pytest.raises(Conflict) as late:
            await auth.call(auth.auth.Bootstrap, request())

    assert len(made) == 1
    assert tokens.role == pb.ROLE_ADMIN
    assert late.value.reason == "ALREADY_BOOTSTRAPPED"


async def test_a_weak_password_does_not_spend_the_secret(replicas: Any, postgres_url: str) -> None:
    async with replicas(postgres_url, BOOTSTRAP_SECRET=SECRET) as auth:
        with pytest.raises(Invalid):
            await auth.call(auth.auth.Bootstrap, request(password="short"))

        assert (await auth.call(auth.auth.Bootstrap, request())).user.role == pb.ROLE_ADMIN


async def test_an_installation_with_an_admin_needs_no_first_one(replicas: Any, database: str) -> None:
    async with replicas(database, BOOTSTRAP_SECRET=SECRET) as auth:
        with pytest.raises(Conflict):
            await auth.call(auth.auth.Bootstrap, request())


@pytest.mark.parametrize(
    ("given", "secret"), [(SECRET, ""), (SECRET, SECRET + "x"), (None, ""), (None, SECRET)]
)
async def test_without_the_secret_nothing_is_told(
    replicas: Any, postgres_url: str, given: str | None, secret: str
) -> None:
    changes = {"BOOTSTRAP_SECRET": given} if given else {}
    async with replicas(postgres_url, **changes) as auth:
        with pytest.raises(Unauthenticated) as refused:
            await auth.call(auth.auth.Bootstrap, request(secret))

    assert refused.value.reason == "INVALID_BOOTSTRAP_SECRET"

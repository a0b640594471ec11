"""A refresh that was carried out and whose answer was lost on the way to the gateway."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest

from chassis.errors import Unavailable
from chassis.grpc.client import call, open_channel
from chassis.testing.link import link_to
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

REFRESH = "/reliability.auth.v1.AuthService/Refresh"


def generation(database: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT generation FROM sessions").fetchone()
    assert row is not None
    return int(row[0])


async def refreshed_by_a_channel_that_repeats(auth: Any, database: str, token: str, until: Any) -> Any:
    """What a gateway is answered whose first attempt got through, and whose answer did not."""
    async with link_to(auth.port) as link, AsyncExitStack() as stack:
        channel = open_channel(stack, f"127.0.0.1:{link.port}", idempotent=(REFRESH,))
        await channel.channel_ready()
        link.loses_answers = True
        before = generation(database)
        asked = asyncio.ensure_future(
            call(rpc.AuthServiceStub(channel).Refresh, pb.RefreshRequest(refresh_token=token), peer="auth")
        )
        await until(lambda: generation(database) > before)
        link.loses_answers = False
        link.cut()
        return (await asked).tokens


async def test_a_channel_that_repeats_it_gets_the_same_successor(auth: Any, database: str, until: Any):
    first = await auth.login()
    second = await refreshed_by_a_channel_that_repeats(auth, database, first.refresh_token, until)

    assert generation(database) == 1
    assert (await auth.refresh(second.refresh_token)).session_id == first.session_id


@pytest.mark.parametrize("grace", ["0", "1"])
async def test_without_a_grace_to_forgive_it_a_repetition_is_refused_and_ends_nothing(
    replicas: Any, database: str, until: Any, grace: str
):
    async with replicas(database, REFRESH_TOKEN_GRACE_SECONDS=grace) as auth:
        first = await auth.login()
        with pytest.raises(Unavailable) as refused:
            await refreshed_by_a_channel_that_repeats(auth, database, first.refresh_token, until)

    assert refused.value.retry_after == 1
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT ended_at FROM sessions").fetchall() == [(None,)]

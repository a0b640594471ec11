"""The way of a session: signed in, refreshed, signed out, and told to everybody who listens."""

import asyncio
import time
from typing import Any

import pytest

from chassis.errors import Unauthenticated
from chassis.security.keyset import KeySet
from chassis.security.tokens import verify
from reliability.auth.v1 import auth_pb2 as pb


async def test_an_access_token_verifies_with_the_published_keys(auth: Any, database: str):
    tokens = await auth.login()
    published = await auth.keys.GetKeySet(pb.GetKeySetRequest())

    who = verify(
        tokens.access_token,
        keys=KeySet.from_jwks(published.jwks_json),
        issuer="api-reliability-suite",
        audience="api",
        now=time.time(),
    )

    assert (who.username, who.role, who.sid) == ("ada", "user", tokens.session_id)


async def test_a_refresh_gives_a_new_pair_of_the_same_session(auth: Any):
    first = await auth.login()

    second = await auth.refresh(first.refresh_token)

    assert second.session_id == first.session_id
    assert second.refresh_token != first.refresh_token
    assert second.access_token != first.access_token


async def test_nothing_of_a_session_works_after_signing_out(auth: Any):
    tokens = await auth.login()

    await auth.logout(tokens)

    with pytest.raises(Unauthenticated) as refused:
        await auth.refresh(tokens.refresh_token)
    assert refused.value.reason == "SESSION_ENDED"


async def test_whoever_watches_is_told_of_a_logout_at_another_replica_within_a_second(
    auth: Any, replicas: Any, database: str
):
    tokens = await auth.login()
    async with replicas(database) as other, asyncio.timeout(1.0 + 1.0):
        stream = other.revocations.WatchRevocations(pb.WatchRevocationsRequest())
        snapshot = await anext(aiter(stream))
        assert snapshot.snapshot_complete

        await auth.logout(tokens)

        async with asyncio.timeout(1.0):
            async for message in stream:
                if message.revocations:
                    break
        assert [(each.kind, each.subject) for each in message.revocations] == [
            (pb.REVOCATION_KIND_SESSION, tokens.session_id)
        ]

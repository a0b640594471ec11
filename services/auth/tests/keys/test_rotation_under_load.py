"""Signing keys change every other second while tokens are issued and verified: none is refused."""

import asyncio
import time
from typing import Any

import psycopg
import pytest

from chassis.clock import SystemClock
from chassis.security.keyring import FetchedKeys, VerifierKeys
from chassis.security.keyset import KeySet
from chassis.security.tokens import key_id, verify
from reliability.auth.v1 import auth_pb2 as pb

pytestmark = pytest.mark.alone

SECONDS = 60.0


@pytest.mark.slow
async def test_no_valid_token_is_refused(replicas: Any, database: str):
    quick = {"SIGNING_KEY_LIFETIME_SECONDS": "2", "KEY_SET_MAX_AGE_SECONDS": "1"}
    async with replicas(database, **quick) as one, replicas(database, **quick) as other:

        async def fetch() -> FetchedKeys:
            answer = await one.call(one.keys.GetKeySet, pb.GetKeySetRequest())
            return FetchedKeys(KeySet.from_jwks(answer.jwks_json), answer.max_age)

        known = VerifierKeys(fetch, SystemClock())
        keeping = asyncio.ensure_future(known.keep())
        await known.loaded.wait()
        issued: list[str] = []
        unseen = 0
        ends = time.monotonic() + SECONDS
        token = (await one.login()).refresh_token
        while time.monotonic() < ends:
            for replica in (one, other):
                pair = await replica.refresh(token)
                token = pair.refresh_token
                unseen += key_id(pair.access_token) not in known.current.kids
                keys = await known.with_key(key_id(pair.access_token))
                check(pair.access_token, keys)
                issued.append(pair.access_token)
        for each in issued:
            check(each, known.current)
        keeping.cancel()

    # Published before use: nobody ever had to ask for a key because a token came first.
    assert unseen == 0
    assert len({key_id(each) for each in issued}) >= SECONDS / 2 - 2
    with psycopg.connect(database) as connection:
        states = dict(
            connection.execute("SELECT state, count(*) FROM signing_keys GROUP BY state").fetchall()
        )
    assert (states["next"], states["active"]) == (1, 1)


def check(token: str, keys: KeySet) -> None:
    verify(token, keys=keys, issuer="api-reliability-suite", audience="api", now=time.time())

"""Signing keys: who may move them on, what happens when secrets or algorithms change."""

import asyncio
import os
import sys
from typing import Any

import jwt
import psycopg
import pytest

from chassis.errors import Conflict, Forbidden
from chassis.security.keyset import KeySet
from chassis.security.tokens import key_id, verify
from reliability.auth.v1 import auth_pb2 as pb

OTHER_SECRET = "uW4sY7eR0qT3iO6pA9dF2gH5jK8lZ1xC" * 2


async def rotate(auth: Any, tokens: Any, *, force: bool) -> Any:
    return await auth.call(auth.keys.RotateSigningKeys, pb.RotateSigningKeysRequest(force=force), tokens)


async def test_an_admin_may_force_a_rotation_and_every_replica_signs_with_the_next_key(
    auth: Any, replicas: Any, database: str
):
    async with replicas(database) as other, asyncio.timeout(5):
        admin = await auth.login("root")
        tokens = await other.login()
        before = key_id(tokens.access_token)

        answer = await rotate(auth, admin, force=True)

        states = {key.kid: key.state for key in answer.keys}
        assert sorted(states.values()) == [pb.KEY_STATE_NEXT, pb.KEY_STATE_ACTIVE, pb.KEY_STATE_RETIRED]
        assert states[before] == pb.KEY_STATE_RETIRED
        while key_id(tokens.access_token) == before:
            tokens = await other.refresh(tokens.refresh_token)
        assert states[key_id(tokens.access_token)] == pb.KEY_STATE_ACTIVE
        # What was signed before still counts.
        await auth.call(auth.keys.ListSigningKeys, pb.ListSigningKeysRequest(), admin)


async def test_a_key_nobody_can_have_seen_yet_is_not_used_unforced(auth: Any):
    admin = await auth.login("root")

    with pytest.raises(Conflict) as refused:
        await rotate(auth, admin, force=False)

    assert refused.value.reason == "KEY_NOT_PUBLISHED_LONG_ENOUGH"


async def test_a_user_may_not_rotate_keys(auth: Any):
    with pytest.raises(Forbidden):
        await rotate(auth, await auth.login("ada"), force=True)


async def test_replicas_that_start_together_agree_on_one_key(replicas: Any, database: str):
    starting = [replicas(database) for _ in range(4)]
    started = await asyncio.gather(*(each.__aenter__() for each in starting))
    kids = {key_id((await each.login()).access_token) for each in started}
    for each in starting:
        await each.__aexit__(None, None, None)

    assert len(kids) == 1


async def test_keys_open_after_the_secret_was_changed_as_long_as_the_old_one_is_given(
    replicas: Any, settings_for: Any, database: str
):
    secret = settings_for(database).secret_key.get_secret_value()
    async with replicas(database) as old:
        kid = key_id((await old.login()).access_token)

    async with replicas(database, SECRET_KEY=OTHER_SECRET, SECRET_KEY_PREVIOUS=secret) as new:
        assert key_id((await new.login()).access_token) == kid

    # The keys are sealed anew meanwhile: the old secret is no longer needed for them.
    async with replicas(database, SECRET_KEY=OTHER_SECRET) as later:
        published = await later.call(later.keys.GetKeySet, pb.GetKeySetRequest())
        assert kid in KeySet.from_jwks(published.jwks_json).kids


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
async def test_each_algorithm_signs_what_its_public_key_verifies(
    replicas: Any, database: str, algorithm: str
):
    async with replicas(database, TOKEN_ALGORITHM=algorithm) as auth:
        token = (await auth.login()).access_token
        published = await auth.call(auth.keys.GetKeySet, pb.GetKeySetRequest())

    assert jwt.get_unverified_header(token)["alg"] == algorithm
    assert verified(token, KeySet.from_jwks(published.jwks_json)).username == "ada"


async def test_hs256_signs_with_the_secret_and_never_publishes_it(
    replicas: Any, settings_for: Any, database: str
):
    secret = settings_for(database).secret_key.get_secret_value().encode()
    async with replicas(database, TOKEN_ALGORITHM="HS256") as auth:
        token = (await auth.login()).access_token
        published = await auth.call(auth.keys.GetKeySet, pb.GetKeySetRequest())

    assert published.jwks_json == b'{"keys":[]}'
    assert verified(token, KeySet.from_jwks(published.jwks_json, hs256_secrets=[secret])).username == "ada"


async def test_no_private_half_is_in_the_database_as_it_is_or_in_the_key_set(auth: Any, database: str):
    published = await auth.call(auth.keys.GetKeySet, pb.GetKeySetRequest())
    assert b'"d"' not in published.jwks_json

    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT public_jwk, private_sealed FROM signing_keys").fetchall()
    for public, sealed in rows:
        assert "d" not in public
        # The header every PKCS #8 key of Ed25519 begins with.
        assert bytes.fromhex("302e020100300506032b6570") not in sealed


def verified(token: str, keys: KeySet) -> Any:
    issued = jwt.decode(token, options={"verify_signature": False})["iat"]
    return verify(token, keys=keys, issuer="api-reliability-suite", audience="api", now=issued)


async def command(environ: dict[str, str], url: str, *words: str, **changes: str) -> tuple[int | None, str]:
    given = {**os.environ, **environ, "DATABASE_URL": url, **changes}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "auth", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=given,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, said.decode()


async def test_a_lost_secret_is_told_and_new_keys_make_a_new_start(
    replicas: Any, environ: dict[str, str], database: str
):
    async with replicas(database) as before:
        token = (await before.login()).access_token

    status, said = await command(environ, database, SECRET_KEY=OTHER_SECRET)
    assert status == 1
    assert "keys discard" in said

    status, said = await command(environ, database, "keys", "discard", SECRET_KEY=OTHER_SECRET)
    assert status == 0
    told = [line.split()[2] for line in said.splitlines() if not line.startswith("{")]
    assert sorted(told) == ["active", "next", "retired"]
    async with replicas(database, SECRET_KEY=OTHER_SECRET) as after:
        published = await after.call(after.keys.GetKeySet, pb.GetKeySetRequest())
        assert key_id(token) in KeySet.from_jwks(published.jwks_json).kids
    with psycopg.connect(database) as connection:
        events = connection.execute(
            "SELECT details FROM audit_events WHERE kind = 'signing_keys.rotated' ORDER BY sequence"
        ).fetchall()
    assert events == [({"reason": "age"},), ({"reason": "discarded"},)]

"""Service accounts and registered clients: what machines may do with the one secret they have."""

from typing import Any

import psycopg
import pytest

from chassis.errors import Invalid, Unauthenticated
from chassis.security.keyset import KeySet
from chassis.security.tokens import verify
from reliability.auth.v1 import auth_pb2 as pb

NEXT_SECRET_KEY = "Zp8mC2vK5xR1tY7wF4hJ9nL3qS6dG0bA-next-Zp8mC2vK5x"


async def machine(admin: Any, *scopes: str, **changes: Any) -> tuple[str, pb.CreateApiKeyResponse]:
    user = (await admin.create("robot", service_account=True)).user.id
    request = pb.CreateApiKeyRequest(user_id=user, scopes=scopes, **changes)
    return user, await admin.ask(admin.users.CreateApiKey, request)


async def exchange(auth: Any, secret: str, *scopes: str) -> pb.ExchangeApiKeyResponse:
    request = pb.ExchangeApiKeyRequest(api_key=secret, scopes=scopes)
    answer: pb.ExchangeApiKeyResponse = await auth.call(auth.auth.ExchangeApiKey, request)
    return answer


async def test_an_api_key_becomes_a_short_lived_token_with_its_scopes(admin: Any, auth: Any) -> None:
    user, made = await machine(admin, "read", "write")
    answer = await exchange(auth, made.secret)
    narrow = await exchange(auth, made.secret, "read")

    published = await auth.keys.GetKeySet(pb.GetKeySetRequest())
    who = verify(
        answer.tokens.access_token,
        keys=KeySet.from_jwks(published.jwks_json),
        issuer="api-reliability-suite",
        audience="api",
        now=made.api_key.created_at.seconds + 1,
    )
    assert (who.sub, who.sid, who.role, who.scopes) == (
        user,
        made.api_key.id,
        "user",
        frozenset({"read", "write"}),
    )
    assert answer.tokens.refresh_token == ""
    assert list(narrow.scopes) == ["read"]
    assert made.secret.startswith(made.api_key.prefix)
    assert made.api_key.prefix.startswith("ars_ak_")


async def test_the_secret_of_a_key_is_nowhere_but_with_its_holder(
    admin: Any, auth: Any, database: str
) -> None:
    user, made = await machine(admin)
    await exchange(auth, made.secret)
    listed = await admin.ask(admin.users.ListApiKeys, pb.ListApiKeysRequest(user_id=user))
    with psycopg.connect(database) as connection:
        kept = connection.execute("SELECT row_to_json(k)::text FROM api_keys k").fetchall()

    assert [key.id for key in listed.api_keys] == [made.api_key.id]
    assert listed.api_keys[0].last_used_at.seconds > 0
    assert made.secret not in str(listed) + str(kept) + str(await admin.events())


@pytest.mark.parametrize("end", ["key deleted", "account disabled", "account deleted"])
async def test_what_was_made_from_a_key_ends_with_it(admin: Any, auth: Any, end: str) -> None:
    user, made = await machine(admin)
    tokens = (await exchange(auth, made.secret)).tokens
    if end == "key deleted":
        request = pb.DeleteApiKeyRequest(user_id=user, api_key_id=made.api_key.id)
        for _ in range(2):
            await admin.ask(admin.users.DeleteApiKey, request)
    elif end == "account disabled":
        await admin.update(user, disabled=True)
    else:
        await admin.ask(admin.users.DeleteUser, pb.DeleteUserRequest(user_id=user))

    with pytest.raises(Unauthenticated) as refused:
        await exchange(auth, made.secret)
    assert refused.value.reason == "INVALID_CLIENT"
    assert await admin.refused_soon(tokens)


async def test_a_key_of_one_account_is_not_deleted_by_naming_another(admin: Any, auth: Any) -> None:
    _, made = await machine(admin)
    request = pb.DeleteApiKeyRequest(user_id=(await admin.named("ada")).id, api_key_id=made.api_key.id)
    await admin.ask(admin.users.DeleteApiKey, request)

    assert (await exchange(auth, made.secret)).tokens.access_token


@pytest.mark.parametrize(
    "secret", ["", "ars_ak_", "ars_ak_" + "A" * 43, "ars_rt_" + "A" * 43, "x" * 9999, "\0"]
)
async def test_a_key_that_is_none_is_refused(auth: Any, secret: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await exchange(auth, secret)

    assert refused.value.reason == "INVALID_CLIENT"


async def test_a_key_ends_by_itself(admin: Any, auth: Any, database: str) -> None:
    _, made = await machine(admin, expires_in=3600)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE api_keys SET expires_at = now() - interval '1 second'")

    with pytest.raises(Unauthenticated):
        await exchange(auth, made.secret)
    assert made.api_key.expires_at.seconds - made.api_key.created_at.seconds == 3600


async def test_a_secret_that_is_used_outlives_a_change_of_the_secret_key(
    admin: Any, auth: Any, replicas: Any, settings_for: Any, database: str
) -> None:
    _, made = await machine(admin)
    credentials = await admin.registered()
    old = settings_for(database).secret_key.get_secret_value()
    async with replicas(database, SECRET_KEY=NEXT_SECRET_KEY, SECRET_KEY_PREVIOUS=old) as between:
        await exchange(between, made.secret)
        await admin.at(between).revoke(credentials, "rubbish")
    with psycopg.connect(database) as connection:
        # Sealed under the old key, which the next replica is no longer told.
        connection.execute("DELETE FROM signing_keys")
    async with replicas(database, SECRET_KEY=NEXT_SECRET_KEY) as after:
        assert (await exchange(after, made.secret)).tokens.access_token
        await admin.at(after).revoke(credentials, "rubbish")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scopes": ["a b"]}, "INVALID_SCOPE"),
        ({"scopes": ['"']}, "INVALID_SCOPE"),
        ({"scopes": [str(number) for number in range(33)]}, "INVALID_SCOPE"),
        ({"expires_in": 366 * 86400}, "INVALID_LIFETIME"),
        ({"expires_in": -1}, "INVALID_LIFETIME"),
        ({"expires_in": 2**62}, "INVALID_LIFETIME"),
    ],
)
async def test_a_key_that_may_not_be_is_not_made(admin: Any, changes: Any, reason: str) -> None:
    user = (await admin.create("robot", service_account=True)).user.id
    with pytest.raises(Invalid) as refused:
        await admin.ask(admin.users.CreateApiKey, pb.CreateApiKeyRequest(user_id=user, **changes))

    assert refused.value.reason == reason


async def test_a_person_has_no_keys_and_a_machine_no_password(admin: Any, auth: Any) -> None:
    ada = (await admin.named("ada")).id
    user, made = await machine(admin, "read")
    for method, request, reason in (
        (admin.users.CreateApiKey, pb.CreateApiKeyRequest(user_id=ada), "NOT_A_SERVICE_ACCOUNT"),
        (admin.users.ListApiKeys, pb.ListApiKeysRequest(user_id=ada), "NOT_A_SERVICE_ACCOUNT"),
        (admin.users.ResetPassword, pb.ResetPasswordRequest(user_id=user), "PASSWORD_FOR_SERVICE_ACCOUNT"),
    ):
        with pytest.raises(Invalid) as refused:
            await admin.ask(method, request)
        assert refused.value.reason == reason
    with pytest.raises(Invalid) as scope:
        await exchange(auth, made.secret, "write")
    assert scope.value.reason == "INVALID_SCOPE"

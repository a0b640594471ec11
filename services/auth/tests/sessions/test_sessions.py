"""Sessions as their owners see and end them, over gRPC."""

import asyncio
import contextlib
import uuid
from typing import Any

import psycopg
import pytest

from chassis.errors import NotFound, Unauthenticated
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc


async def listed(auth: Any, tokens: Any) -> list[Any]:
    answer = await auth.call(auth.auth.ListSessions, pb.ListSessionsRequest(), tokens)
    return list(answer.sessions)


async def refused(auth: Any, tokens: Any) -> str:
    """Why an access token is refused, once every replica has heard."""
    async with asyncio.timeout(2):
        while True:
            try:
                await listed(auth, tokens)
            except Unauthenticated as error:
                return error.reason
            await asyncio.sleep(0.01)


async def test_the_list_tells_devices_apart_and_which_one_asks(auth: Any):
    await auth.login(address="198.51.100.1")
    second = await auth.login(address="2001:db8::1")

    sessions = await listed(auth, second)

    assert [(each.address, each.current) for each in sessions] == [
        ("2001:db8::1", True),
        ("198.51.100.1", False),
    ]
    assert {each.user_agent for each in sessions} == {"a browser"}


async def test_nobody_sees_or_ends_the_session_of_another(auth: Any):
    mine = await auth.login("ada")
    theirs = await auth.login("root")

    assert [each.id for each in await listed(auth, mine)] == [mine.session_id]
    for stranger in (theirs.session_id, str(uuid.uuid4()), "x", ""):
        with pytest.raises(NotFound):
            await auth.call(auth.auth.EndSession, pb.EndSessionRequest(session_id=stranger), mine)
    assert (await auth.refresh(theirs.refresh_token)).session_id == theirs.session_id


async def test_one_session_can_be_ended_from_another_and_twice(auth: Any):
    lost = await auth.login()
    here = await auth.login()

    for _ in range(2):
        await auth.call(auth.auth.EndSession, pb.EndSessionRequest(session_id=lost.session_id), here)

    assert await refused(auth, lost) == "TOKEN_REVOKED"
    with pytest.raises(Unauthenticated):
        await auth.refresh(lost.refresh_token)
    assert [each.id for each in await listed(auth, here)] == [here.session_id]


async def test_ending_all_ends_this_one_too_and_the_next_sign_in_works_at_once(auth: Any):
    tokens = [await auth.login() for _ in range(3)]

    answer = await auth.call(auth.auth.EndAllSessions, pb.EndAllSessionsRequest(), tokens[0])
    again = await auth.login()

    assert answer.ended == 3
    for each in tokens:
        assert await refused(auth, each) == "TOKEN_REVOKED"
    # Issued within the very second of the cut, and not hit by it.
    assert len(await listed(auth, again)) == 1


async def test_signing_out_ends_the_other_session_whose_refresh_token_is_shown(auth: Any):
    here, there = await auth.login(), await auth.login()
    stranger = await auth.login("root")

    await auth.logout(here, there.refresh_token)
    await auth.logout(await auth.login(), stranger.refresh_token)

    assert await refused(auth, there) == "TOKEN_REVOKED"
    assert (await auth.refresh(stranger.refresh_token)).session_id == stranger.session_id


async def test_signing_out_twice_is_signing_out(auth: Any, database: str):
    tokens = await auth.login()
    await auth.logout(tokens)
    assert await refused(auth, tokens) == "TOKEN_REVOKED"

    await auth.logout(tokens)

    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM revocations").fetchall() == [(1,)]


async def test_a_disabled_user_is_refused_at_the_next_refresh_and_sign_in(auth: Any, database: str):
    tokens = await auth.login()
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE users SET disabled = true WHERE username = 'ada'")

    with pytest.raises(Unauthenticated) as refresh:
        await auth.refresh(tokens.refresh_token)
    with pytest.raises(Unauthenticated) as login:
        await auth.login()

    assert (refresh.value.reason, login.value.reason) == ("SESSION_ENDED", "INVALID_CREDENTIALS")


async def test_a_role_is_what_the_database_says_at_each_issue(auth: Any, database: str):
    tokens = await auth.login()
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE users SET role = 'admin' WHERE username = 'ada'")

    assert (await auth.refresh(tokens.refresh_token)).role == pb.ROLE_ADMIN


async def test_every_refusal_of_a_sign_in_is_the_same(auth: Any, database: str, add_user: Any):
    add_user(database, "disabled")
    add_user(database, "broken")
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE users SET disabled = true WHERE username = 'disabled'")
        connection.execute("UPDATE users SET password = 'rubbish' WHERE username = 'broken'")
    refusals = set()
    tries = [
        ("ada", "wrong password, and long"),
        ("nobody", "x"),
        ("a\x00da", "x"),
        ("", ""),
        ("é" * 500, "x"),
    ]
    tries += [("disabled", "a quiet harbour in november"), ("broken", "a quiet harbour in november")]
    for username, password in tries:
        with pytest.raises(Unauthenticated) as refusal:
            await auth.login(username, password)
        refusals.add((refusal.value.reason, refusal.value.detail, refusal.value.retry_after))

    assert len(refusals) == 1


async def test_sign_ins_at_once_all_work_though_the_first_renews_the_hash(replicas: Any, database: str):
    # A dearer hash than the stored one: each of them wants to replace it.
    async with replicas(database, BCRYPT_ROUNDS="5", RATE_LIMIT_ENABLED="false") as auth:
        pairs = await asyncio.gather(*(auth.login() for _ in range(8)))

    assert len({each.session_id for each in pairs}) == 8


async def test_a_sign_in_never_outlives_the_end_of_its_account(
    auth: Any, replicas: Any, database: str, add_user: Any
):
    async with replicas(database) as other:
        root = await other.login("root")
        users = rpc.UserServiceStub(other.channel)
        for number in range(10):
            user = add_user(database, f"user-{number}")

            async def disable(user: uuid.UUID = user) -> None:
                request = pb.UpdateUserRequest(user_id=str(user), disabled=True)
                await other.call(users.UpdateUser, request, root)

            pairs, _ = await asyncio.gather(signed_in(auth, f"user-{number}"), disable())
            for pair in pairs:
                with pytest.raises(Unauthenticated):
                    await auth.refresh(pair.refresh_token)
                assert await refused(auth, pair) == "TOKEN_REVOKED"


async def signed_in(auth: Any, username: str) -> list[Any]:
    pairs = await asyncio.gather(*(auth.login(username) for _ in range(4)), return_exceptions=True)
    return [each for each in pairs if not isinstance(each, BaseException)]


async def test_a_sign_in_past_the_limit_ends_the_session_that_was_used_longest_ago(
    replicas: Any, database: str
):
    async with replicas(database, SESSION_LIMIT="3") as auth:
        first, second, third = [await auth.login() for _ in range(3)]
        other = await auth.login("root")
        # Dates in tokens are whole seconds, those of sessions are not.
        first = await auth.refresh(first.refresh_token)
        fourth = await auth.login()

        assert await refused(auth, second) == "TOKEN_REVOKED"
        with pytest.raises(Unauthenticated) as ended:
            await auth.refresh(second.refresh_token)
        assert ended.value.reason == "SESSION_ENDED"
        live = {each.id for each in await listed(auth, fourth)}
        assert live == {first.session_id, third.session_id, fourth.session_id}
        assert len(await listed(auth, other)) == 1

    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT subject, details FROM audit_events WHERE kind = 'session.ended'"
        ).fetchall()
    assert rows == [(second.session_id, {"reason": "too_many"})]


async def test_sign_ins_at_once_never_leave_more_sessions_than_the_limit(replicas: Any, database: str):
    async with replicas(database, SESSION_LIMIT="2", RATE_LIMIT_ENABLED="false") as auth:
        pairs = await asyncio.gather(*(auth.login() for _ in range(8)))
        survivors = []
        for pair in pairs:
            with contextlib.suppress(Unauthenticated):
                survivors.append(await auth.refresh(pair.refresh_token))

    assert len(survivors) == 2

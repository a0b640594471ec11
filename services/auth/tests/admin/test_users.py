"""Administering accounts over gRPC: what is taken away ends at once."""

import asyncio
import uuid
from typing import Any

import pytest

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, ServiceError, Unauthenticated
from reliability.auth.v1 import auth_pb2 as pb

GOOD = "seven lamps on a long pier"
BETTER = "eight lamps on a short pier"


async def test_who_is_no_admin_may_do_none_of_it(admin: Any, auth: Any) -> None:
    ada, user = admin.as_(await auth.login("ada")), (await admin.named("root")).id
    asks = [
        (admin.users.CreateUser, pb.CreateUserRequest(username="eve")),
        (admin.users.ListUsers, pb.ListUsersRequest()),
        (admin.users.GetUser, pb.GetUserRequest(user_id=user)),
        (admin.users.UpdateUser, pb.UpdateUserRequest(user_id=user, disabled=True)),
        (admin.users.ResetPassword, pb.ResetPasswordRequest(user_id=user)),
        (admin.users.DeleteUser, pb.DeleteUserRequest(user_id=user)),
        (admin.users.CreateApiKey, pb.CreateApiKeyRequest(user_id=user)),
        (admin.users.ListApiKeys, pb.ListApiKeysRequest(user_id=user)),
        (admin.users.DeleteApiKey, pb.DeleteApiKeyRequest(user_id=user)),
        (admin.clients.RegisterClient, pb.RegisterClientRequest(name="eve")),
        (admin.clients.DeleteClient, pb.DeleteClientRequest(client_id="x")),
        (admin.trail.ListAuditEvents, pb.ListAuditEventsRequest()),
    ]
    for method, request in asks:
        with pytest.raises(Forbidden):
            await ada.ask(method, request)
        with pytest.raises(Unauthenticated):
            await admin.as_(None).ask(method, request)


async def test_a_created_user_signs_in_with_the_password_they_were_given(admin: Any, auth: Any) -> None:
    made = await admin.create("Grace", password=GOOD)

    tokens = await auth.login("grace", GOOD)

    assert (made.user.username, made.user.role, made.reset_token) == ("Grace", pb.ROLE_USER, "")
    assert tokens.role == pb.ROLE_USER
    assert (await admin.named("Grace")).last_sign_in_at.seconds > 0


@pytest.mark.parametrize(
    ("request_", "kind", "reason"),
    [
        (pb.CreateUserRequest(username="ADA", password=GOOD), Conflict, "USER_EXISTS"),
        (pb.CreateUserRequest(username="\uff41da", password=GOOD), Conflict, "USER_EXISTS"),
        (pb.CreateUserRequest(username=""), Invalid, "INVALID_USERNAME"),
        (pb.CreateUserRequest(username=" bob"), Invalid, "INVALID_USERNAME"),
        (pb.CreateUserRequest(username="b\0b"), Invalid, "INVALID_USERNAME"),
        # Looks like bob, and like bob backwards.
        (pb.CreateUserRequest(username="b\u200bob"), Invalid, "INVALID_USERNAME"),
        (pb.CreateUserRequest(username="\u202ebob"), Invalid, "INVALID_USERNAME"),
        (pb.CreateUserRequest(username="x" * 129), Invalid, "INVALID_USERNAME"),
        (pb.CreateUserRequest(username="bob", password="short"), Invalid, "WEAK_PASSWORD"),
        (pb.CreateUserRequest(username="bob", role=9), Invalid, "INVALID_ROLE"),
        (
            pb.CreateUserRequest(username="bob", password=GOOD, service_account=True),
            Invalid,
            "PASSWORD_FOR_SERVICE_ACCOUNT",
        ),
    ],
)
async def test_what_cannot_be_created_says_why(
    admin: Any, request_: pb.CreateUserRequest, kind: type[ServiceError], reason: str
) -> None:
    with pytest.raises(kind) as refused:
        await admin.ask(admin.users.CreateUser, request_)

    assert refused.value.reason == reason


async def test_one_of_two_who_create_the_same_name_at_once_is_told_so(admin: Any) -> None:
    results = await asyncio.gather(
        *(admin.create(name) for name in ("bob", "Bob", "BOB", "b\uff4fb")), return_exceptions=True
    )

    assert sum(isinstance(result, Conflict) for result in results) == 3


async def test_users_are_paged_by_name_each_once(admin: Any) -> None:
    for name in ("zoe", "Émile", "bob", "Carol", "50%_off"):
        await admin.create(name)
    seen, token = [], ""
    while True:
        page = await admin.ask(admin.users.ListUsers, pb.ListUsersRequest(page_size=2, page_token=token))
        assert len(page.users) <= 2
        seen += [user.username for user in page.users]
        token = page.next_page_token
        if not token:
            break

    assert seen == ["50%_off", "ada", "bob", "Carol", "root", "zoe", "Émile"]


@pytest.mark.parametrize("token", ["!", "AA", "x" * 5000, "gICA"])
async def test_a_page_token_that_is_not_ours_is_refused(admin: Any, token: str) -> None:
    for method, request in (
        (admin.users.ListUsers, pb.ListUsersRequest(page_token=token)),
        (admin.trail.ListAuditEvents, pb.ListAuditEventsRequest(page_token=token)),
    ):
        with pytest.raises(Invalid) as refused:
            await admin.ask(method, request)
        assert refused.value.reason == "INVALID_PAGE_TOKEN"


@pytest.mark.parametrize("user", ["", "nobody", str(uuid.UUID(int=7))])
async def test_a_user_who_is_not_there_is_not_found(admin: Any, user: str) -> None:
    for method, request in (
        (admin.users.GetUser, pb.GetUserRequest(user_id=user)),
        (admin.users.UpdateUser, pb.UpdateUserRequest(user_id=user, disabled=True)),
        (admin.users.ResetPassword, pb.ResetPasswordRequest(user_id=user)),
        (admin.users.DeleteUser, pb.DeleteUserRequest(user_id=user)),
        (admin.users.CreateApiKey, pb.CreateApiKeyRequest(user_id=user)),
        (admin.users.ListApiKeys, pb.ListApiKeysRequest(user_id=user)),
    ):
        with pytest.raises(NotFound) as refused:
            await admin.ask(method, request)
        assert refused.value.reason == "USER_NOT_FOUND"


@pytest.mark.parametrize(
    "change",
    [
        {"disabled": True},
        {"role": pb.ROLE_ADMIN},
        "reset to a password",
        "reset by a token",
        "deleted",
    ],
    ids=str,
)
async def test_every_change_of_rights_ends_every_session_at_once(
    admin: Any, auth: Any, ended_soon: Any, change: Any
) -> None:
    tokens = [await auth.login("ada") for _ in range(2)]
    user = (await admin.named("ada")).id

    if change == "deleted":
        await admin.ask(admin.users.DeleteUser, pb.DeleteUserRequest(user_id=user))
    elif change == "reset to a password":
        await admin.ask(admin.users.ResetPassword, pb.ResetPasswordRequest(user_id=user, new_password=GOOD))
    elif change == "reset by a token":
        await admin.ask(admin.users.ResetPassword, pb.ResetPasswordRequest(user_id=user))
    else:
        await admin.update(user, **change)

    for each in tokens:
        assert await ended_soon(each)


async def test_a_disabled_user_is_kept_out_and_let_in_again(admin: Any, auth: Any) -> None:
    user = (await admin.named("ada")).id
    assert (await admin.update(user, disabled=True)).disabled
    with pytest.raises(Unauthenticated) as refused:
        await auth.login("ada")
    assert not (await admin.update(user, disabled=False)).disabled

    assert refused.value.reason == "INVALID_CREDENTIALS"
    assert (await auth.login("ada")).access_token


async def test_an_update_that_changes_nothing_ends_no_session(
    admin: Any, auth: Any, still_works: Any
) -> None:
    tokens = await auth.login("ada")
    await admin.update((await admin.named("ada")).id, role=pb.ROLE_USER, disabled=False)

    assert await still_works(tokens)
    assert [event.kind for event in await admin.events()].count("user.updated") == 0


async def test_the_last_admin_can_be_neither_demoted_nor_disabled_nor_deleted(admin: Any) -> None:
    root = (await admin.named("root")).id
    await admin.create("machine", role=pb.ROLE_ADMIN, service_account=True)
    await admin.update((await admin.create("off", role=pb.ROLE_ADMIN)).user.id, disabled=True)
    for method, request in (
        (admin.users.UpdateUser, pb.UpdateUserRequest(user_id=root, role=pb.ROLE_USER)),
        (admin.users.UpdateUser, pb.UpdateUserRequest(user_id=root, disabled=True)),
        (admin.users.DeleteUser, pb.DeleteUserRequest(user_id=root)),
    ):
        with pytest.raises(Conflict) as refused:
            await admin.ask(method, request)
        assert refused.value.reason == "LAST_ADMIN"


async def test_admins_who_demote_each_other_at_once_leave_one(admin: Any, auth: Any) -> None:
    root = (await admin.named("root")).id
    other = (await admin.create("grace", role=pb.ROLE_ADMIN, password=GOOD)).user.id
    grace = admin.as_(await auth.login("grace", GOOD))

    results = await asyncio.gather(
        admin.update(other, role=pb.ROLE_USER), grace.update(root, role=pb.ROLE_USER), return_exceptions=True
    )

    assert sum(isinstance(result, ServiceError) for result in results) == 1


async def test_what_was_done_is_in_the_trail_by_whom_and_without_a_secret(admin: Any, database: str) -> None:
    root = (await admin.named("root")).id
    made = await admin.create("grace")
    user = made.user.id
    await admin.ask(admin.users.ResetPassword, pb.ResetPasswordRequest(user_id=user, new_password=GOOD))
    await admin.update(user, role=pb.ROLE_ADMIN)
    await admin.ask(admin.users.DeleteUser, pb.DeleteUserRequest(user_id=user))

    events = await admin.events()
    told = [(event.kind, event.actor == root, event.subject == user) for event in events[:4]]
    assert told == [
        ("user.deleted", True, True),
        ("user.updated", True, True),
        ("password.reset", True, True),
        ("user.created", True, True),
    ]
    assert [event.sequence for event in events] == list(range(len(events), 0, -1))
    assert all(secret not in str(events) for secret in (GOOD, made.reset_token, "grace"))


async def test_the_trail_is_paged_each_event_once(admin: Any) -> None:
    for number in range(5):
        await admin.create(f"user{number}")
    seen, token = [], ""
    while True:
        page = await admin.ask(
            admin.trail.ListAuditEvents, pb.ListAuditEventsRequest(page_size=2, page_token=token)
        )
        seen += [event.sequence for event in page.events]
        token = page.next_page_token
        if not token:
            break

    assert len(seen) > 5
    assert seen == list(range(len(seen), 0, -1))

"""What an admin may, a user may not; and nobody may without a token."""

import secrets
from dataclasses import dataclass

import pytest

from suite.api import Api, Pair
from suite.plan import Account

ADMIN_ONLY = [("GET", "/debug/summarize-errors"), ("GET", "/users"), ("GET", "/slo/report")]


@dataclass(frozen=True)
class Made:
    id: str
    account: Account


@pytest.fixture
async def admin_pair(api: Api, admin: Account) -> Pair:
    return await api.sign_in(admin)


@pytest.fixture
async def user(api: Api, admin_pair: Pair) -> Made:
    account = Account(f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18))
    body = {"username": account.username, "password": account.password, "role": "user"}
    answer = await api.call("POST", "/users", token=admin_pair.access, body=body)
    assert answer.status == 201, answer.body
    told = answer.json()
    return Made(told.get("user", told)["id"], account)


@pytest.mark.parametrize(("method", "path"), ADMIN_ONLY)
async def test_a_user_is_refused_with_a_challenge(api: Api, user: Made, method: str, path: str) -> None:
    pair = await api.sign_in(user.account)
    answer = await api.call(method, path, token=pair.access)
    assert answer.status == 403
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert answer.headers["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize(("method", "path"), ADMIN_ONLY)
async def test_without_a_token_it_is_not_signed_in(api: Api, method: str, path: str) -> None:
    assert (await api.call(method, path)).status == 401


async def test_a_user_sees_what_is_for_everybody_signed_in(api: Api, user: Made) -> None:
    pair = await api.sign_in(user.account)
    answer = await api.protected(pair.access)
    assert (answer.status, answer.json()["role"]) == (200, "user")


async def test_a_user_cannot_make_an_admin(api: Api, user: Made) -> None:
    pair = await api.sign_in(user.account)
    body = {"username": "intruder", "password": secrets.token_urlsafe(18), "role": "admin"}
    assert (await api.call("POST", "/users", token=pair.access, body=body)).status == 403


async def test_a_new_role_comes_with_a_new_sign_in(api: Api, user: Made, admin_pair: Pair) -> None:
    before = await api.sign_in(user.account)
    changed = await api.call("PATCH", f"/users/{user.id}", token=admin_pair.access, body={"role": "admin"})
    assert changed.status == 200
    assert (await api.refresh(before.refresh)).status == 401
    after = await api.sign_in(user.account)
    assert (await api.get("/users", after.access)).status == 200

"""A sign-in is a token pair or one and the same refusal."""

import base64
import json

from suite.api import Api, Pair
from suite.plan import Account


def _claims(token: str, part: int) -> dict[str, object]:
    text = token.split(".")[part]
    decoded: dict[str, object] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return decoded


async def test_a_sign_in_opens_what_is_protected(api: Api, admin: Account) -> None:
    pair = await api.sign_in(admin)
    answer = await api.protected(pair.access)
    assert answer.status == 200
    who = answer.json()
    assert (who["username"], who["role"], who["session_id"]) == (admin.username, "admin", pair.session_id)


async def test_the_pair_is_never_stored_on_its_way(api: Api, admin: Account) -> None:
    await api.sign_in(admin)
    answer = await api.login(admin.username, admin.password)
    if answer.status == 200:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json()["token_type"] == "Bearer"


async def test_access_tokens_say_what_they_are(api: Api, admin: Account) -> None:
    pair = await api.sign_in(admin)
    header, claims = _claims(pair.access, 0), _claims(pair.access, 1)
    assert header["typ"] == "at+jwt"
    assert header["kid"]
    assert {"iss", "aud", "sub", "jti", "sid", "iat", "nbf", "exp", "role"} <= claims.keys()
    assert not {"password", "email"} & claims.keys()


async def test_an_unknown_name_and_a_wrong_password_look_the_same(api: Api, admin: Account) -> None:
    refusals = []
    for username, password in (
        (admin.username, "not the password of anybody"),
        ("nobody-of-that-name", "not the password of anybody"),
    ):
        answer = await api.login(username, password)
        document = answer.json()
        for own in ("trace_id", "request_id"):
            document.pop(own, None)
        refusals.append((answer.status, answer.headers.get("WWW-Authenticate"), document))
    assert refusals[0] == refusals[1]
    assert refusals[0][0] == 401


async def test_a_refusal_is_a_problem_that_echoes_nothing(api: Api) -> None:
    answer = await api.login("somebody-peculiar", "a most peculiar password")
    assert answer.status == 401
    assert answer.reason == "invalid-credentials"
    assert b"peculiar" not in answer.body


async def test_unknown_fields_are_refused(api: Api) -> None:
    form = {"username": "a", "password": "b", "role": "admin"}
    assert (await api.call("POST", "/login", form=form)).status == 422


async def test_without_a_token_there_is_a_challenge(api: Api) -> None:
    answer = await api.protected(None)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_a_token_with_one_letter_changed_is_none(api: Api, admin: Account) -> None:
    pair = await api.sign_in(admin)
    head, claims, signature = pair.access.split(".")
    changed = ("A" if signature[0] != "A" else "B") + signature[1:]
    answer = await api.protected(f"{head}.{claims}.{changed}")
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


async def test_a_refresh_token_is_no_access_token(api: Api, admin: Account) -> None:
    pair: Pair = await api.sign_in(admin)
    assert (await api.protected(pair.refresh)).status == 401

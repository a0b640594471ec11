"""/authz answers about the one request a trusted proxy describes, by the routes file."""

from collections.abc import Callable

import jwt
import pytest

from gateway.testing.front import SECRET, Front, fronting

Answer = tuple[int, str | None]


async def ask(front: Front, method: str = "GET", **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with front.session.request(method, front.url + "/authz", headers=sent) as answer:
        return answer.status, answer.headers.get("x-auth-subject")


def original(method: str, uri: str) -> dict[str, str]:
    return {"x_original_method": method, "x_original_uri": uri}


def forwarded(method: str, uri: str) -> dict[str, str]:
    return {"x_forwarded_method": method, "x_forwarded_uri": uri}


@pytest.mark.parametrize("described", [original, forwarded])
async def test_the_policy_of_the_described_request_decides(
    front: Front, described: Callable[[str, str], dict[str, str]]
):
    user, admin = front.bearer(sub="u-1"), front.bearer(sub="u-2", role="admin")

    assert await ask(front, **described("GET", "/orders/7?x=1"), **user) == (200, "u-1")
    assert await ask(front, **described("HEAD", "/orders"), **user) == (200, "u-1")
    assert await ask(front, **described("GET", "/orders")) == (401, None)
    assert await ask(front, **described("GET", "/admin"), **user) == (403, None)
    assert await ask(front, **described("GET", "/admin"), **admin) == (200, "u-2")
    assert await ask(front, **described("GET", "/news")) == (200, None)
    assert await ask(front, **described("GET", "/quiet"), **user) == (200, None)


@pytest.mark.parametrize(
    ("method", "uri"),
    [
        ("DELETE", "/orders"), ("GET", "/ordersx"), ("GET", "/"), ("GET", "/elsewhere"), ("GET", ""),
        ("GET", "/orders/../admin"), ("GET", "/orders/%2e%2e/admin"), ("GET", "/orders%2fx"),
        ("GET", "orders"), ("GET", "//orders"), ("get", "/orders"), ("", "/orders"), ("GET", "http://[/orders"),
        ("GET", "/orders/\u00e9"),
    ],
)  # fmt: skip
async def test_what_no_route_has_is_refused(front: Front, method: str, uri: str):
    assert await ask(front, **original(method, uri), **front.bearer(role="admin")) == (403, None)


async def test_an_absolute_address_is_understood(front: Front):
    described = {"x_original_method": "GET", "x_original_url": "https://api.example.com/orders?x"}
    assert await ask(front, **described, **front.bearer(sub="u-1")) == (200, "u-1")


@pytest.mark.parametrize(
    "second",
    [
        {"x_forwarded_uri": "/news"},
        {"x_forwarded_method": "POST"},
        {"x_original_url": "https://x/news"},
        {"x_original_host": "a", "x_forwarded_host": "b"},
    ],
)
async def test_a_second_description_that_differs_is_refused(front: Front, second: dict[str, str]):
    assert await ask(front, **original("GET", "/orders"), **second, **front.bearer()) == (403, None)


@pytest.mark.parametrize("half", [{"x_original_uri": "/news"}, {"x_original_method": "GET"}])
async def test_half_a_description_is_refused(front: Front, half: dict[str, str]):
    assert await ask(front, **half, **front.bearer()) == (403, None)


async def test_a_description_counts_only_from_a_trusted_proxy():
    async with (
        fronting(None) as front,
        front.session.get(front.url + "/authz", headers=front.bearer() | {"x-original-uri": "/"}) as answer,
    ):
        assert answer.status == 403
        assert (await answer.json(content_type=None))["type"].endswith(":untrusted-proxy")


async def test_without_a_description_it_says_whether_the_token_is_good(front: Front):
    for method in ("GET", "POST", "HEAD", "DELETE"):
        assert await ask(front, method, **front.bearer(sub="u-1")) == (200, "u-1")
    assert await ask(front) == (401, None)
    assert await ask(front, authorization="Bearer nonsense") == (401, None)


async def test_refusals_tell_why_and_when_to_come_back(front: Front):
    async with front.session.get(front.url + "/authz") as answer:
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    asked = {"x-original-method": "GET", "x-original-uri": "/rare"} | front.bearer()
    answers = []
    for _ in range(3):
        async with front.session.get(front.url + "/authz", headers=asked) as answer:
            answers.append((answer.status, "retry-after" in answer.headers, "ratelimit" in answer.headers))
    assert answers == [(200, False, True), (200, False, True), (429, True, True)]


async def test_the_proof_names_the_route(front: Front):
    asked = {"x-original-method": "GET", "x-original-uri": "/orders"} | front.bearer(sub="u-3")
    async with front.session.get(front.url + "/authz", headers=asked) as answer:
        proof = jwt.decode(answer.headers["x-auth-assertion"], SECRET, ["HS256"], audience="orders")
    assert (proof["sub"], proof["role"]) == ("u-3", "user")

"""Which headers cross the gateway, which stay on their hop, and which it writes itself."""

from collections.abc import Awaitable, Callable

import jwt
import pytest

from gateway.testing.front import SECRET, Front
from gateway.testing.origin import Origin, ok, one_route, raw

Start = Callable[..., Awaitable[Front]]


async def test_hop_by_hop_headers_stay_on_their_hop(start: Start, origin: Origin):
    origin.reply = raw(
        ok(
            b"x",
            b"Connection: X-Hop",
            b"X-Hop: 1",
            b"Keep-Alive: timeout=5",
            b"Trailer: X",
            b"Server: secret/1",
        )
    )
    front = await start(one_route(origin))

    sent = {
        "connection": "keep-alive, x-mine",
        "x-mine": "1",
        "te": "trailers",
        "proxy-authorization": "x",
        "x-other": "2",
    }
    async with front.session.get(front.url + "/o", headers=sent) as answer:
        assert not {"x-hop", "trailer"} & {name.lower() for name in answer.headers}
        assert answer.headers.get("server") != "secret/1"
    seen = origin.seen[0]
    assert [seen.all(name) for name in ("connection", "x-mine", "te", "proxy-authorization")] == [[]] * 4
    assert seen.one("x-other") == "2"
    assert seen.one("via") == "1.1 api-gateway"


@pytest.mark.parametrize(
    "name",
    [
        "X-User-Id", "X-User", "x-auth-subject", "X-Auth-Role", "Remote-User", "X-Remote-User", "X-Email",
        "X-Forwarded-User", "X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Original-URL", "X-Rewrite-URL",
        "X-HTTP-Method-Override", "Proxy", "X_Auth_Subject", "X-Forwarded-Host", "True-Client-IP", "X-Roles",
    ],
)  # fmt: skip
async def test_a_client_cannot_claim_to_be_somebody_or_somewhere(start: Start, origin: Origin, name: str):
    front = await start(one_route(origin))

    async with front.session.get(front.url + "/o", headers={name: "6.6.6.6"}) as answer:
        assert answer.status == 200
    assert not [pair for pair in origin.seen[0].headers if "6.6.6.6" in pair[1]]


async def test_the_upstream_is_told_where_a_request_came_from(start: Start, origin: Origin):
    front = await start(one_route(origin, 'rewrite: ""'))

    async with front.session.get(front.url + "/o/x", headers={"x-request-id": "abcdefgh-1"}) as answer:
        assert answer.headers["x-request-id"] == "abcdefgh-1"
    seen = origin.seen[0]
    assert seen.target == "/x"
    assert seen.one("host") == f"127.0.0.1:{origin.port}"
    assert seen.one("x-forwarded-for") == "127.0.0.1"
    assert seen.one("x-forwarded-host") == f"127.0.0.1:{front.port}"
    assert seen.one("x-forwarded-proto") == "http"
    assert seen.one("x-forwarded-prefix") == "/o"
    assert seen.one("forwarded") == f'for=127.0.0.1;proto=http;host="127.0.0.1:{front.port}"'
    assert seen.one("x-request-id") == "abcdefgh-1"
    assert (seen.one("traceparent") or "").startswith("00-")


async def test_behind_a_trusted_proxy_the_client_is_whom_it_names(start: Start, origin: Origin):
    front = await start(one_route(origin), trusted_proxies=("127.0.0.1/32",))

    sent = {"x-forwarded-for": "1.1.1.1, 203.0.113.7", "x-forwarded-proto": "https"}
    async with front.session.get(front.url + "/o", headers=sent) as answer:
        assert answer.status == 200
    assert origin.seen[0].one("x-forwarded-for") == "203.0.113.7, 127.0.0.1"
    assert origin.seen[0].one("x-forwarded-proto") == "https"


async def test_who_asks_is_told_with_a_proof(start: Start, origin: Origin):
    front = await start(one_route(origin).replace("access: public", "access: bearer"))

    async with front.session.get(front.url + "/o", headers=front.bearer(sub="u-7")) as answer:
        assert answer.status == 200
    seen = origin.seen[0]
    assert (seen.one("x-auth-subject"), seen.one("x-auth-role")) == ("u-7", "user")
    proof = jwt.decode(seen.one("x-auth-assertion") or "", SECRET, ["HS256"], audience="o")
    assert (proof["sub"], proof["role"], proof["exp"] - proof["iat"]) == ("u-7", "user", 60)
    assert seen.one("authorization") is None


async def test_the_callers_token_goes_on_only_where_the_route_says(start: Start, origin: Origin):
    front = await start(one_route(origin, "pass_authorization: true"))

    async with front.session.get(front.url + "/o", headers={"authorization": "Basic eA=="}) as answer:
        assert answer.status == 200
    assert origin.seen[0].one("authorization") == "Basic eA=="


async def test_rules_of_a_route_set_and_remove_headers(start: Start, origin: Origin):
    rules = (
        "request_headers: {set: {x-env: prod}, remove: [x-noise]}, "
        "response_headers: {set: {Cache-Control: no-store}, remove: [x-powered-by]}"
    )
    origin.reply = raw(ok(b"", b"Cache-Control: public", b"X-Powered-By: PHP"))
    front = await start(one_route(origin, rules))

    async with front.session.get(front.url + "/o", headers={"x-env": "dev", "x-noise": "1"}) as answer:
        assert answer.headers.getall("cache-control") == ["no-store"]
        assert "x-powered-by" not in answer.headers
    assert origin.seen[0].all("x-env") == ["prod"]
    assert origin.seen[0].all("x-noise") == []

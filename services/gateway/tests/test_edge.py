"""Ids, hosts, HTTPS, CORS, proxies and problems: what a client sees of the edge."""

import asyncio
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.middleware.json_guard import MAX_DEPTH, too_elaborate
from gateway.testing.stand_in import StandIn
from gateway.testing.whole import Gateway, GatewayFactory

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_a_refusal_is_a_problem_with_the_ids_to_ask_about(gateway: Gateway) -> None:
    answer = await gateway.ask(
        "GET",
        "/nowhere",
        headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-Id": "abcdefgh-1"},
    )
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-Id"] == "abcdefgh-1"
    assert answer.json() == {
        "type": "urn:problem-type:reliability:route-not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no such route.",
        "trace_id": TRACE,
        "request_id": "abcdefgh-1",
    }


@pytest.mark.parametrize("given", ["short", "a" * 200, "with space in it", "<script>alert(1)</script>"])
async def test_an_id_that_is_not_one_is_replaced(gateway: Gateway, given: str) -> None:
    answer = await gateway.ask("GET", "/ready", headers={"X-Request-Id": given, "traceparent": given})

    assert answer.headers["X-Request-Id"] != given
    assert len(answer.headers["X-Request-Id"]) == 32


async def test_a_wrong_method_is_told_the_right_ones(gateway: Gateway) -> None:
    answer = await gateway.ask("DELETE", "/protected")

    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_head_is_get_without_the_body(gateway: Gateway) -> None:
    answer = await gateway.ask("HEAD", "/ready")

    assert answer.status == 200
    assert answer.body == b""


async def test_what_is_not_valid_is_told_without_being_repeated(gateway: Gateway) -> None:
    form = await gateway.ask("POST", "/login", data={"username": "mallory-the-input", "s3cret-name": "x"})
    body = await gateway.ask("POST", "/token/refresh", json={"refresh_token": 666999, "made-up-name": True})

    for answer in (form, body):
        assert answer.status == 422
        for repeated in (b"mallory", b"s3cret-name", b"666999", b"made-up-name"):
            assert repeated not in answer.body
    assert {error["at"] for error in body.json()["errors"]} == {"body.refresh_token", "body.(unknown)"}


async def test_only_the_names_it_has_are_answered_to(start: GatewayFactory) -> None:
    gateway = await start(TRUSTED_HOSTS="api.example.com,*.apps.example.com")

    async def status(host: str) -> int:
        return (await gateway.ask("GET", "/ready", headers={"Host": host})).status

    good = ["api.example.com", "API.example.com:8443", "a.apps.example.com", "a.b.apps.example.com"]
    bad = ["example.com", "apps.example.com", "evilapps.example.com", "api.example.com.evil", "127.0.0.1"]
    assert [await status(host) for host in good] == [200] * 4
    assert [await status(host) for host in bad] == [400] * 5


async def test_plain_http_is_redirected_for_reading_and_refused_for_the_rest(start: GatewayFactory) -> None:
    gateway = await start(
        HTTPS_REDIRECT_ENABLED="true",
        TRUSTED_HOSTS="api.example.com,other.example.com",
        TRUSTED_PROXIES="127.0.0.1",
    )
    other = {"Host": "other.example.com"}

    read = await gateway.ask("GET", "/ready?a=b%20c", headers=other)
    assert read.status == 308
    assert read.headers["Location"] == "https://api.example.com/ready?a=b%20c"
    assert (await gateway.ask("POST", "/login", headers=other)).status == 403
    foreign = await gateway.ask("GET", "/ready", headers={"Host": "evil.example"})
    assert foreign.status == 400
    assert "Location" not in foreign.headers
    secure = await gateway.ask("GET", "/ready", headers=other | {"X-Forwarded-Proto": "https"})
    assert secure.status == 200
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_a_refusal_before_anything_else_can_be_read_by_our_own_pages_too(start: GatewayFactory) -> None:
    gateway = await start(CORS_ALLOW_ORIGINS="https://app.example.com")
    ours = {"Origin": "https://app.example.com"}
    large = await gateway.ask("POST", "/login", data=io.BytesIO(bytes(2_000_000)), headers=ours)
    foreign_host = await gateway.ask("GET", "/ready", headers={**ours, "Host": "elsewhere.example"})

    assert (large.status, foreign_host.status) == (413, 400)
    for answer in (large, foreign_host):
        assert answer.headers["Access-Control-Allow-Origin"] == ours["Origin"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert len(answer.headers.getall("Vary")) == 1


async def test_cors_is_for_the_named_origins_and_on_errors_too(start: GatewayFactory) -> None:
    gateway = await start(CORS_ALLOW_ORIGINS="https://app.example.com", CORS_ALLOW_CREDENTIALS="true")
    ours, other = {"Origin": "https://app.example.com"}, {"Origin": "https://app.example.com.evil"}

    for path, status in (("/ready", 200), ("/protected", 401), ("/nowhere", 404)):
        answer = await gateway.ask("GET", path, headers=ours)
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Vary"] == "Origin"
        foreign = await gateway.ask("GET", path, headers=other)
        assert "Access-Control-Allow-Origin" not in foreign.headers
        assert foreign.headers["Vary"] == "Origin"
    for nobody in ("null", "https://app.example.com, https://evil", "HTTPS://APP.EXAMPLE.COM"):
        answer = await gateway.ask("GET", "/ready", headers={"Origin": nobody})
        assert "Access-Control-Allow-Origin" not in answer.headers

    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    assert (await gateway.ask("OPTIONS", "/login", headers=ours | preflight)).status == 204
    assert (await gateway.ask("OPTIONS", "/login", headers=other | preflight)).status == 403
    strange = preflight | {"Access-Control-Request-Method": "TRACE"}
    assert (await gateway.ask("OPTIONS", "/login", headers=ours | strange)).status == 403


@given(JSON)
def test_ordinary_json_is_never_too_elaborate(value: object) -> None:
    def depth(part: object) -> int:
        if isinstance(part, dict):
            return 1 + max(map(depth, part.values()), default=0)
        return 1 + max(map(depth, part), default=0) if isinstance(part, list) else 0

    assert too_elaborate(json.dumps(value).encode()) == (depth(value) > MAX_DEPTH)


async def test_limits_are_told_the_old_way_where_asked(start: GatewayFactory) -> None:
    gateway = await start(RATE_LIMIT_HEADERS_ENABLED="true")
    answer = await gateway.ask("GET", "/health")

    assert answer.headers["RateLimit"] == '"address";r=4;t=60'
    assert answer.headers["X-RateLimit-Limit"] == "5"
    assert answer.headers["X-RateLimit-Remaining"] == "4"
    assert "Retry-After" not in answer.headers


async def test_limits_can_be_switched_off(start: GatewayFactory) -> None:
    gateway = await start(RATE_LIMIT_ENABLED="false")

    answers = await asyncio.gather(*(gateway.ask("GET", "/health") for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers


async def test_probes_and_metrics_are_on_the_internal_port_and_know_no_host(
    gateway: Gateway, auth: StandIn
) -> None:
    await gateway.ask("GET", "/protected", token=auth.signer.token())
    assert (await gateway.probe("/livez")).status == 200
    assert (await gateway.probe("/readyz")).status == 200
    verbose = (await gateway.probe("/readyz?verbose")).json()
    assert verbose == {"ready": True, "needs": {"serving": True, "keys": True, "revocations": True}}
    assert (await gateway.probe("/metrics")).status == 200
    for path in ("/livez", "/readyz", "/metrics"):
        assert (await gateway.ask("GET", path)).status == 404


async def test_chaos_is_absent_unless_asked_for_and_then_for_admins(
    start: GatewayFactory, auth: StandIn
) -> None:
    usual, chaotic = await start(), await start(CHAOS_ROUTES_ENABLED="true")
    admin = auth.signer.token("admin")

    assert (await usual.ask("GET", "/force-error", token=admin)).status == 404
    assert (await chaotic.ask("GET", "/force-error")).status == 401
    assert (await chaotic.ask("GET", "/force-error", token=auth.signer.token())).status == 403
    failed = await chaotic.ask("GET", "/force-error", token=admin)
    assert failed.status == 500
    assert failed.json()["type"] == "urn:problem-type:reliability:internal"
    assert b"Traceback" not in failed.body
    assert b"Forced" not in failed.body
    for word, said, ready in (("on", "on", 503), ("false", "off", 200), ("true", "on", 503)):
        simulated = await chaotic.ask("POST", f"/simulate-failure/{word}", token=admin)
        assert (simulated.status, simulated.json()) == (200, {"state": said})
        assert (await chaotic.probe("/readyz")).status == ready
    assert (await chaotic.probe("/livez")).status == 200

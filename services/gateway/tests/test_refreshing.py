"""A refresh past the framework is told what the framework would have told it."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import pytest

from chassis.testing.grpc import channel_to
from gateway.asgi import App
from gateway.exchange import KEY, Body, Exchange
from gateway.policy import Access, RoutePolicy
from gateway.routes.app import own_routes
from gateway.routes.refreshing import Refreshing
from gateway.settings import GatewaySettings
from gateway.testing.own import context
from gateway.testing.stand_in import StandIn

REFRESH = RoutePolicy(name="refresh", methods=frozenset({"POST"}), access=Access.PUBLIC)
TOKEN = "rt_made-up"  # of the stand-in
GOOD = b'{"refresh_token":"%s"}' % TOKEN.encode()


class Apps(NamedTuple):
    direct: App
    framework: App


@pytest.fixture
async def apps(auth: StandIn) -> AsyncIterator[Apps]:
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(channel_to(auth.address))
        stood_on = context(channel, GatewaySettings(environment="test", rate_limit_refresh="4/minute"))
        framework = own_routes(stood_on)
        yield Apps(Refreshing(stood_on, framework), framework)


class Seen(NamedTuple):
    status: int
    headers: dict[bytes, bytes]
    document: Any


async def ask(
    app: App, auth: StandIn, body: bytes, *, kind: str = "application/json", client: str = "192.0.2.1"
) -> Seen:
    auth.refreshes.add(TOKEN)
    found = Exchange(
        request_id="r" * 8, trace_id="1" * 32, span_id="2" * 16, sampled=False, fields={}, started=0
    )
    found.client, found.policy, found.body = client, REFRESH, Body(len(body), kind == "application/json")
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/token/refresh",
        "query_string": b"",
        "headers": [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))],
        KEY: found,
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name: value for name, value in sent[0]["headers"] if name != b"content-length"}
    return Seen(sent[0]["status"], headers, json.loads(b"".join(part["body"] for part in sent[1:])))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'"rt"',
        b'{"refresh_token":1}',
        b'{"refresh_token":null}',
        b'{"refresh_token":""}',
        b'{"refresh_token":"two words"}',
        b'{"refresh_token":"line\n"}',
        b'{"refresh_token":"line\\n"}',
        b'{"refresh_token":"%s"}' % (b"x" * 8193),
        b'{"refresh_token":"\\ud800"}',
        b'{"refresh_token":"\xff"}',
        GOOD[:-1] + b',"more":1}',
        GOOD[:-1] + b',"more":NaN}',
        GOOD + b"}",
        GOOD.replace(b"refresh_token", b"Refresh_Token"),
    ],
)
async def test_a_body_that_is_wrong_is_refused_as_the_framework_refuses_it(
    apps: Apps, auth: StandIn, body: bytes
) -> None:
    refused = await ask(apps.direct, auth, body)

    assert refused == await ask(apps.framework, auth, body)
    assert refused.status in {400, 422}
    assert auth.calls["refresh"] == 0


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        b" \r\n" + GOOD + b"\t",
        b'{"refresh_token":"other","refresh_token":"%s"}' % TOKEN.encode(),
        b'{"refresh_token":"\\u0072t_made-up"}',
        GOOD.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + GOOD,
    ],
)
async def test_a_body_that_is_right_is_answered_as_the_framework_answers_it(
    apps: Apps, auth: StandIn, body: bytes
) -> None:
    direct, framework = await ask(apps.direct, auth, body), await ask(apps.framework, auth, body)

    assert direct.status == framework.status == 200
    assert direct.headers == framework.headers == {
        b"content-type": b"application/json", b"cache-control": b"no-store",
    }  # fmt: skip
    assert list(direct.document) == list(framework.document)
    assert auth.calls["refresh"] == 2


async def test_another_media_type_is_refused_as_the_framework_refuses_it(apps: Apps, auth: StandIn) -> None:
    refused = await ask(apps.direct, auth, GOOD, kind="text/plain")

    assert refused == await ask(apps.framework, auth, GOOD, kind="text/plain")
    assert refused.status == 422


async def test_the_ring_has_one_budget_for_a_refresh_whichever_way_it_goes(apps: Apps, auth: StandIn) -> None:
    ways = [apps.direct, apps.framework, apps.framework, apps.direct]
    assert [(await ask(way, auth, GOOD)).status for way in ways] == [200] * 4

    refused = await ask(apps.direct, auth, GOOD)
    assert refused == await ask(apps.framework, auth, GOOD)
    assert refused.status == 429
    assert 1 <= int(refused.headers[b"retry-after"]) <= 60
    assert (await ask(apps.direct, auth, GOOD, client="192.0.2.2")).status == 200


async def test_what_is_wrong_with_a_body_does_not_count_against_its_sender(apps: Apps, auth: StandIn) -> None:
    assert [(await ask(apps.direct, auth, b"{}")).status for _ in range(6)] == [422] * 6

    assert (await ask(apps.direct, auth, GOOD)).status == 200

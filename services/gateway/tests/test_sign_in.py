"""Signing in, being let in, and being out again at once."""

import asyncio
import time

import pytest

from gateway.testing.stand_in import PASSWORD, StandIn
from gateway.testing.whole import Gateway, GatewayFactory


async def test_a_sign_in_is_good_until_it_is_ended(gateway: Gateway) -> None:
    signed_in = await gateway.ask("POST", "/login", data={"username": "alice", "password": PASSWORD})
    assert signed_in.status == 200
    assert signed_in.headers["Cache-Control"] == "no-store"
    token = signed_in.json()["access_token"]

    me = await gateway.ask("GET", "/protected", token=token)
    assert me.status == 200
    assert me.json()["username"] == "user"

    assert (await gateway.ask("POST", "/logout", token=token)).status == 204
    async with asyncio.timeout(1):
        while (await gateway.ask("GET", "/protected", token=token)).status != 401:
            await asyncio.sleep(0.01)


async def test_every_failed_sign_in_looks_the_same(gateway: Gateway) -> None:
    wrong_password = await gateway.ask("POST", "/login", data={"username": "alice", "password": "wrong"})
    wrong_name = await gateway.ask("POST", "/login", data={"username": "nobody", "password": PASSWORD})

    for answer in (wrong_password, wrong_name):
        assert answer.status == 401
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")
    without_ids = [
        {k: v for k, v in a.json().items() if not k.endswith("_id")} for a in (wrong_password, wrong_name)
    ]
    assert without_ids[0] == without_ids[1]
    assert without_ids[0]["type"] == "urn:problem-type:reliability:invalid-credentials"


async def test_a_refresh_token_is_spent_for_a_fresh_pair(gateway: Gateway) -> None:
    pair = (await gateway.ask("POST", "/login", data={"username": "alice", "password": PASSWORD})).json()
    fresh = await gateway.ask("POST", "/token/refresh", json={"refresh_token": pair["refresh_token"]})

    assert fresh.status == 200
    assert fresh.json()["refresh_token"] != pair["refresh_token"]
    spent = await gateway.ask("POST", "/token/refresh", json={"refresh_token": pair["refresh_token"]})
    assert spent.status == 401


async def test_the_sixth_sign_in_within_a_minute_waits(gateway: Gateway, auth: StandIn) -> None:
    tries = [
        await gateway.ask("POST", "/login", data={"username": "alice", "password": "wrong"}) for _ in range(6)
    ]

    assert [answer.status for answer in tries] == [401] * 5 + [429]
    assert 1 <= int(tries[-1].headers["Retry-After"]) <= 60
    assert all("Retry-After" not in answer.headers for answer in tries[:-1])
    assert tries[0].headers["RateLimit-Policy"] == '"address";q=5;w=60'
    assert auth.calls["login"] == 5


async def test_one_account_is_not_tried_more_often_from_many_addresses(start: GatewayFactory) -> None:
    gateway = await start(TRUSTED_PROXIES="127.0.0.0/8")

    async def attempt(number: int, **kwargs: object) -> int:
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        form = {"username": "Alice" if number % 2 else "alice", "password": "wrong"}
        return (await gateway.ask("POST", "/login", data=form, headers=headers, **kwargs)).status

    assert [await attempt(n) for n in range(6)] == [401] * 5 + [429]
    # The owner's device is counted by itself.
    assert await attempt(7, cookies={"device": "device-proof"}) == 401


async def test_a_device_that_signed_in_is_known_by_a_cookie(gateway: Gateway, auth: StandIn) -> None:
    answer = await gateway.ask("POST", "/login", data={"username": "alice", "password": PASSWORD})

    cookie = answer.headers["Set-Cookie"]
    for part in ("device=device-proof", "HttpOnly", "Secure", "SameSite=strict", "Path=/login"):
        assert part in cookie
    form = {"username": "alice", "password": PASSWORD}
    await gateway.ask("POST", "/login", data=form, headers={"Cookie": "device=device-proof"})
    assert auth.clients[-1].device_token == "device-proof"


async def test_auth_gone_is_a_503_within_a_second(start: GatewayFactory, auth: StandIn) -> None:
    auth.address = "127.0.0.1:1"
    gateway = await start(ready=False)
    for ask in (
        gateway.ask("POST", "/login", data={"username": "alice", "password": PASSWORD}),
        gateway.ask("POST", "/token/refresh", json={"refresh_token": "rt_1"}),
    ):
        async with asyncio.timeout(1):
            refused = await ask
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "1"


@pytest.mark.alone
@pytest.mark.parametrize("begun", [False, True], ids=["before it began", "while it was at it"])
async def test_auth_hung_is_a_503_within_a_second_and_verified_traffic_goes_on(
    start: GatewayFactory, auth: StandIn, *, begun: bool
) -> None:
    credentials = {"username": "alice", "password": PASSWORD}
    flowing = asyncio.Event()
    flowing.set()
    between_them: list[asyncio.Task[None] | None] = []
    host, _, port = auth.address.rpartition(":")

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await flowing.wait()
            writer.write(data)
        writer.close()

    async def between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        between_them.append(asyncio.current_task())
        there, back = await asyncio.open_connection(host, int(port))
        try:
            await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)
        finally:
            for end in (writer, back):
                end.transport.abort()

    async with await asyncio.start_server(between, "127.0.0.1", 0) as server:
        auth.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        gateway = await start()
        if begun:
            auth.gate.clear()
            asked = asyncio.create_task(gateway.ask("POST", "/login", data=credentials))
            async with asyncio.timeout(5):
                while not auth.calls["login"]:
                    await asyncio.sleep(0.001)
        flowing.clear()
        began = time.monotonic()
        refused = await (asked if begun else gateway.ask("POST", "/login", data=credentials))
        took = time.monotonic() - began
        verified = await gateway.ask("GET", "/protected", token=auth.signer.token())
        flowing.set()
        auth.gate.set()
        for connection in filter(None, between_them):
            connection.cancel()
        await asyncio.gather(*filter(None, between_them), return_exceptions=True)
    assert refused.status == 503
    assert refused.headers["Retry-After"] == "1"
    assert took < 1.2
    assert verified.status == 200


@pytest.mark.alone
@pytest.mark.parametrize("announces", [True, False], ids=["says it has begun", "of the release before"])
async def test_a_sign_in_that_queues_is_waited_for_while_auth_is_alive(
    start: GatewayFactory, auth: StandIn, *, announces: bool
) -> None:
    auth.announces = announces
    gateway = await start()
    auth.gate.clear()
    asyncio.get_running_loop().call_later(1.5, auth.gate.set)

    answer = await gateway.ask("POST", "/login", data={"username": "alice", "password": PASSWORD})
    assert answer.status == 200


@pytest.mark.alone
async def test_a_replica_that_does_not_begin_is_given_up_on_within_a_second_though_another_is_well(
    gateway: Gateway, auth: StandIn
) -> None:
    credentials = {"username": "alice", "password": PASSWORD}
    assert (await gateway.ask("POST", "/login", data=credentials)).status == 200
    # Its health is still answered, as another replica would answer it.
    auth.voice.clear()
    began = time.monotonic()
    refused = await gateway.ask("POST", "/login", data=credentials)
    took = time.monotonic() - began
    auth.voice.set()
    assert refused.status == 503
    assert refused.headers["Retry-After"] == "1"
    assert took < 1.2
    assert (await gateway.ask("POST", "/login", data=credentials)).status == 200


async def test_a_thousand_verified_requests_ask_auth_nothing(gateway: Gateway, auth: StandIn) -> None:
    token = auth.signer.token()
    before = auth.calls.copy()
    for _ in range(10):
        answers = await asyncio.gather(*(gateway.ask("GET", "/protected", token=token) for _ in range(20)))
        assert {answer.status for answer in answers} == {200}
    assert auth.calls == before


async def test_sessions_are_listed_and_ended(gateway: Gateway, auth: StandIn) -> None:
    token = auth.signer.token()

    assert (await gateway.ask("GET", "/sessions", token=token)).json()["sessions"][0]["id"] == "s-1"
    assert (await gateway.ask("DELETE", "/sessions/s-1", token=token)).status == 204
    assert (await gateway.ask("DELETE", "/sessions/s-2", token=token)).status == 404
    assert (await gateway.ask("DELETE", "/sessions", token=token)).json() == {"ended": 1}


async def test_who_is_refused_for_the_account_is_told_of_that_limit_too(start: GatewayFactory) -> None:
    gateway = await start(TRUSTED_PROXIES="127.0.0.1/32")
    tries = [
        await gateway.ask(
            "POST",
            "/login",
            data={"username": "alice", "password": "wrong"},
            headers={"X-Forwarded-For": f"192.0.2.{number}"},
        )
        for number in range(6)
    ]
    headers = tries[-1].headers

    assert [answer.status for answer in tries] == [401] * 5 + [429]
    assert headers.getall("RateLimit-Policy") == ['"user";q=5;w=60', '"address";q=5;w=60']
    spent, address = headers.getall("RateLimit")
    assert spent == f'"user";r=0;t={headers["Retry-After"]}'
    assert address.startswith('"address";r=4;')


async def test_a_body_that_is_not_json_is_told_what_to_send(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", "/token/refresh", data={"refresh_token": "rt_1"})

    assert answer.status == 422
    assert answer.json()["errors"] == [
        {"at": "body", "why": "Input should be a JSON object, sent as application/json"}
    ]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/logout"), ("DELETE", "/sessions"), ("DELETE", "/sessions/s-1")]
)
async def test_where_a_session_was_ended_the_very_next_request_is_refused(
    gateway: Gateway, auth: StandIn, method: str, path: str
) -> None:
    # The stream tells nothing here, as it may not for up to a second.
    auth.keep_sessions = True
    token, other = auth.signer.token(sid="s-1"), auth.signer.token(sid="s-2")

    assert (await gateway.ask(method, path, token=token)).status in {200, 204}
    assert (await gateway.ask("GET", "/protected", token=token)).status == 401
    assert (await gateway.ask("GET", "/protected", token=other)).status == 200


async def test_a_session_that_auth_did_not_end_goes_on(gateway: Gateway, auth: StandIn) -> None:
    token, other = auth.signer.token(sid="s-3"), auth.signer.token(sid="s-4")

    assert (await gateway.ask("DELETE", "/sessions/s-4", token=token)).status == 404
    assert (await gateway.ask("GET", "/protected", token=other)).status == 200


async def test_an_access_token_is_no_refresh_token(gateway: Gateway, auth: StandIn) -> None:
    token = auth.signer.token(padding="x" * 1000)
    answer = await gateway.ask("POST", "/token/refresh", json={"refresh_token": token})

    assert answer.status == 401
    assert answer.json()["type"] == "urn:problem-type:reliability:invalid-refresh-token"

"""When an upstream has no answer, its last good one stands in, marked, and only for whom it was meant."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from gateway.testing import until
from gateway.testing.front import Front, fronting
from gateway.testing.origin import Origin, Reply, Seen, ok, one_route, raw
from suite.servers import ValkeyServer

Start = Callable[..., Awaitable[Front]]

_FAIL = b"HTTP/1.1 503 Sorry\r\nContent-Length: 0\r\n\r\n"
_FALLBACK = "fallback: {last_good: true}"


async def _hang(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def get(front: Front, path: str = "/o", **headers: str) -> tuple[int, bytes, dict[str, str]]:
    async with front.session.get(front.url + path, headers=headers) as answer:
        return answer.status, await answer.read(), {k.lower(): v for k, v in answer.headers.items()}


async def kept(front: Front) -> None:
    store = front.proxied.app._last_good
    assert store is not None
    await store.settle()


async def keep(front: Front, path: str = "/o", **headers: str) -> None:
    """Ask until the answer is kept: on a busy machine a write may come to nothing, as it may in life."""
    store = front.proxied.app._last_good
    assert store is not None
    before = len(await store._redis.keys("*last-good*"))
    async with asyncio.timeout(10):
        while len(await store._redis.keys("*last-good*")) == before:
            await get(front, path, **headers)
            await kept(front)


@pytest.mark.parametrize("failing", [raw(_FAIL), raw(b"", close=True), raw(b"junk\r\n\r\n"), _hang])
async def test_the_last_good_answer_is_replayed(
    start: Start, origin: Origin, valkey_url: str, failing: Reply
):
    origin.reply = raw(ok(b"the news", b"X-Own: 1", b"ETag: v1"))
    front = await start(
        one_route(origin, _FALLBACK + ", timeout_seconds: 0.3"), circuit_breaker_cache_url=valkey_url
    )
    await keep(front, "/o/a?x=1")
    assert "x-degraded" not in (await get(front, "/o/a?x=1"))[2]

    origin.reply = failing
    status, body, headers = await get(front, "/o/a?x=1")
    assert (status, body) == (200, b"the news")
    assert headers["x-degraded"] == "last-good"
    assert int(headers["age"]) >= 0
    assert (headers["etag"], headers["x-own"], headers["content-length"]) == ("v1", "1", "8")
    status, _, headers = await get(front, "/o/a?x=3")
    assert status in {502, 503, 504}
    assert "x-degraded" not in headers


async def test_an_open_breaker_replays_too(start: Start, origin: Origin, valkey_url: str):
    origin.reply = raw(ok(b"news"))
    front = await start(
        one_route(origin, _FALLBACK, "breaker: {failures: 1}"), circuit_breaker_cache_url=valkey_url
    )
    await keep(front)

    origin.reply = raw(_FAIL)
    reached = len(origin.seen)
    for _ in range(4):
        assert (await get(front))[1] == b"news"
    assert len(origin.seen) == reached + 1


async def test_an_answer_is_never_shown_to_another_user(start: Start, origin: Origin, valkey_url: str):
    origin.reply = raw(ok(b"of u-1"))
    routes = one_route(origin, _FALLBACK).replace("access: public", "access: bearer")
    front = await start(routes, circuit_breaker_cache_url=valkey_url)
    await keep(front, **front.bearer(sub="u-1"))

    origin.reply = raw(_FAIL)
    assert (await get(front, **front.bearer(sub="u-1")))[1] == b"of u-1"
    assert (await get(front, **front.bearer(sub="u-2")))[0] == 503


@pytest.mark.parametrize(
    "header",
    [
        b"Set-Cookie: session=1",
        b"Cache-Control: no-store",
        b"Cache-Control: private",
        b"Vary: Cookie",
        b"Vary: *",
    ],
)
async def test_an_answer_that_is_for_one_only_is_not_kept(
    start: Start, origin: Origin, valkey_url: str, header: bytes
):
    origin.reply = raw(ok(b"x", header))
    front = await start(one_route(origin, _FALLBACK), circuit_breaker_cache_url=valkey_url)
    await get(front)
    await kept(front)

    origin.reply = raw(_FAIL)
    assert (await get(front))[0] == 503


async def test_large_answers_are_kept_up_to_a_bound(start: Start, origin: Origin, valkey_url: str):
    async def sized(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int(seen.target.rpartition("/")[2])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"l" * size)

    origin.reply = sized
    rule = "fallback: {last_good: true, max_bytes: 200000}"
    front = await start(one_route(origin, rule), circuit_breaker_cache_url=valkey_url)
    await keep(front, "/o/190000")
    await get(front, "/o/210000")
    await kept(front)

    origin.reply = raw(_FAIL)
    assert (await get(front, "/o/190000"))[1] == b"l" * 190_000
    assert (await get(front, "/o/210000"))[0] == 503


async def test_an_answer_that_broke_off_is_not_kept(start: Start, origin: Origin, valkey_url: str):
    origin.reply = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", close=True)
    front = await start(one_route(origin, _FALLBACK), circuit_breaker_cache_url=valkey_url)
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(front)
    await kept(front)

    origin.reply = raw(_FAIL)
    assert (await get(front))[0] == 503


async def test_a_hung_store_delays_nothing(start: Start, origin: Origin, own_valkey: ValkeyServer):
    front = await start(one_route(origin, _FALLBACK), circuit_breaker_cache_url=own_valkey.url())
    await get(front)
    loop = asyncio.get_running_loop()
    own_valkey.pause()
    try:
        began = loop.time()
        assert (await get(front))[0] == 200
        good = loop.time() - began
        origin.reply = raw(_FAIL)
        began = loop.time()
        assert (await get(front))[0] == 503
        assert good < 0.7
        assert loop.time() - began < 0.7
    finally:
        own_valkey.resume()


async def test_what_somebody_else_wrote_into_the_store_is_not_replayed(
    start: Start, origin: Origin, valkey_url: str
):
    front = await start(one_route(origin, _FALLBACK), circuit_breaker_cache_url=valkey_url)
    await keep(front)
    store = front.proxied.app._last_good
    assert store is not None
    (key,) = await store._redis.keys("*last-good*")
    origin.reply = raw(_FAIL)
    for junk in (
        b"",
        b"junk",
        b"{}\nbody",
        b'{"at":1,"headers":[1]}\nbody',
        b'{"at":"x","headers":[]}\nbody',
    ):
        await store._redis.set(key, junk)
        assert (await get(front))[0] == 503


async def test_external_api_says_where_its_data_came_from(origin: Origin, valkey_url: str):
    data = b'{"temperature":21.5,"unit":"C"}'
    origin.reply = raw(ok(data))
    async with fronting(
        None, external_api_url=f"{origin.url}/v1/w?city=1", circuit_breaker_cache_url=valkey_url
    ) as front:
        url = front.url + "/external-api"
        origin.reply = raw(_FAIL)
        async with front.session.get(url) as answer:
            assert answer.status == 200
            assert await answer.json() == {"status": "degraded", "source": "fallback"}
        origin.reply = raw(ok(data))
        await keep(front, "/external-api")
        async with front.session.get(url + "?mine=1") as answer:
            assert await answer.json() == {
                "status": "ok",
                "source": "upstream",
                "data": {"temperature": 21.5, "unit": "C"},
            }
        assert origin.seen[-1].target == "/v1/w?city=1"
        for failing in (_FAIL, b"junk", ok(b"<html>"), b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"):
            origin.reply = raw(failing, close=True)
            async with front.session.get(url) as answer:
                assert await answer.json() == {
                    "status": "degraded",
                    "source": "fallback_cache",
                    "data": {"temperature": 21.5, "unit": "C"},
                }
                assert answer.headers["x-degraded"] == "fallback-cache"
                assert int(answer.headers["age"]) >= 0
        async with front.session.post(url) as answer:
            assert answer.status == 405


async def test_external_api_without_an_upstream_is_degraded_and_not_broken(valkey_url: str):
    async with fronting(None, circuit_breaker_cache_url=valkey_url) as front:
        async with front.session.get(front.url + "/external-api") as answer:
            assert await answer.json() == {"status": "degraded", "source": "fallback"}
        async with front.session.get(front.url + "/external-api/below") as answer:
            assert answer.status == 404


async def test_external_api_stops_calling_what_is_down(origin: Origin, valkey_url: str):
    origin.reply = raw(_FAIL)
    async with fronting(None, external_api_url=origin.url, circuit_breaker_cache_url=valkey_url) as front:
        for _ in range(20):
            async with front.session.get(front.url + "/external-api") as answer:
                assert answer.status == 200
        await until(lambda: len(origin.seen) == 5)

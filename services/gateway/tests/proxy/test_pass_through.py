"""What goes through goes through unchanged; what must not, does not."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from gateway.asgi import Message
from gateway.proxy.pool import Address
from gateway.proxy.request import Outgoing
from gateway.proxy.rules import Retries, UpstreamRules
from gateway.proxy.telemetry import Observer
from gateway.proxy.upstream import Upstream
from gateway.serving.cycle import Cycle
from gateway.testing.front import Front
from gateway.testing.origin import Origin, Seen, chunk_of, ok, one_route, raw

Start = Callable[..., Awaitable[Front]]


async def test_an_answer_arrives_with_its_status_headers_and_body(start: Start, origin: Origin):
    origin.reply = raw(
        b"HTTP/1.1 418 Teapot\r\nContent-Length: 3\r\n"
        b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Own: y\r\n\r\nhot"
    )
    front = await start(one_route(origin))

    async with front.session.get(front.url + "/o/x?q=1&q=2") as answer:
        assert (answer.status, await answer.read()) == (418, b"hot")
        assert answer.headers.getall("set-cookie") == ["a=1", "b=2"]
        assert answer.headers["x-own"] == "y"
    assert origin.seen[0].target == "/o/x?q=1&q=2"


async def test_a_request_leaves_nothing_that_only_a_collection_of_garbage_finds(start: Start, origin: Origin):
    front = await start(one_route(origin))
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            async with front.session.get(front.url + "/o") as answer:
                assert answer.status == 200
        left = sum(isinstance(each, Cycle) for each in gc.get_objects())
    finally:
        gc.enable()

    # The connection's last one.
    assert left <= 1


async def test_a_body_goes_up_with_its_length(start: Start, origin: Origin):
    front = await start(one_route(origin))

    async with front.session.post(front.url + "/o", data=b"a" * 1000) as answer:
        assert answer.status == 200
    assert origin.seen[0].body == b"a" * 1000
    assert origin.seen[0].one("content-length") == "1000"


async def test_a_chunked_body_goes_up_whole(start: Start, origin: Origin):
    front = await start(one_route(origin))

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"b" * 10_000

    async with front.session.post(front.url + "/o", data=parts()) as answer:
        assert answer.status == 200
    assert origin.seen[0].body == b"b" * 500_000
    assert origin.seen[0].one("transfer-encoding") == "chunked"


async def test_head_and_bodiless_answers_leave_the_connection_usable(start: Start, origin: Origin):
    replies = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 17\r\nETag: x\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        ok(b"last"),
    ]

    async def reply(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(replies[len(origin.seen) - 1])

    origin.reply = reply
    front = await start(one_route(origin))

    async with front.session.head(front.url + "/o") as answer:
        assert (answer.status, answer.headers["content-length"]) == (200, "5000")
    async with front.session.get(front.url + "/o") as answer:
        assert (answer.status, answer.headers["etag"], await answer.read()) == (304, "x", b"")
    async with front.session.get(front.url + "/o") as answer:
        assert (answer.status, await answer.read()) == (204, b"")
    async with front.session.get(front.url + "/o") as answer:
        assert await answer.read() == b"last"
    assert origin.connections == 1


async def test_an_expectation_is_met_by_the_gateway_itself(start: Start, origin: Origin):
    front = await start(one_route(origin))

    answer = await front.raw(
        b"POST /o HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
        b"Connection: close\r\n\r\nhi"
    )
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n")
    assert origin.seen[0].body == b"hi"
    assert origin.seen[0].one("expect") is None


async def test_interim_answers_are_passed_over(start: Start, origin: Origin):
    origin.reply = raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok(b"final"))
    front = await start(one_route(origin))

    async with front.session.get(front.url + "/o") as answer:
        assert await answer.read() == b"final"
        assert "link" not in answer.headers


async def test_trailers_are_dropped(start: Start, origin: Origin):
    origin.reply = raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: late\r\n\r\n"
    )
    front = await start(one_route(origin))

    answer = await front.raw(b"GET /o HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert b"abc" in answer
    assert b"late" not in answer


async def test_a_request_that_goes_round_in_circles_is_stopped(start: Start, origin: Origin):
    front = await start(one_route(origin))

    via = ", ".join(["1.1 api-gateway"] * 4)
    async with front.session.get(front.url + "/o", headers={"via": via}) as answer:
        assert answer.status == 508
    assert origin.seen == []


async def test_the_policy_of_the_route_holds(start: Start, origin: Origin):
    front = await start(
        one_route(origin).replace("access: public", "access: bearer, roles: [admin]")
        + "  - {name: d, prefix: /d}\n"
    )

    async with front.session.get(front.url + "/o") as answer:
        assert answer.status == 401
    async with front.session.get(front.url + "/o", headers=front.bearer()) as answer:
        assert answer.status == 403
    async with front.session.get(front.url + "/o", headers=front.bearer(role="admin")) as answer:
        assert answer.status == 200
    async with front.session.patch(front.url + "/o") as answer:
        assert answer.status == 405
    async with front.session.get(front.url + "/orders") as answer:
        assert answer.status == 404
    async with front.session.get(front.url + "/d", headers=front.bearer()) as answer:
        assert answer.status == 404


async def test_an_answer_before_the_end_of_the_request_is_passed_on(start: Start, origin: Origin):
    origin.leave_body = True
    origin.reply = raw(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno", close=True)
    front = await start(one_route(origin))
    go = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield b"x" * 100_000
        await go.wait()
        yield b"y"

    async with front.session.post(front.url + "/o", data=parts()) as answer:
        assert (answer.status, await answer.read()) == (413, b"no")
    go.set()


async def test_a_connection_with_half_a_request_on_it_is_not_kept(origin: Origin):
    origin.leave_body = True

    async def early(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if seen.method == "POST":
            await reader.readexactly(4)
        writer.write(ok())

    origin.reply = early
    upstream = Upstream("o", UpstreamRules(), now=time.monotonic, observer=Observer())
    upstream.update((Address("127.0.0.1", origin.port, b"o"),))
    rest = asyncio.Event()

    async def more() -> Message:
        await rest.wait()
        return {
            "type": "http.request",
            "body": b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
            "more_body": False,
        }

    head = b"\r\nContent-Length: 42\r\n\r\n"
    post = Outgoing("POST", b"POST / HTTP/1.1\r\nHost: ", head, body=b"half", more=more)
    lease = await upstream.open(post, Retries(), timeout=5)
    assert lease.connection.answer.status == 200
    await lease.release()
    rest.set()
    get = Outgoing("GET", b"GET /mine HTTP/1.1\r\nHost: ", b"\r\n\r\n")
    lease = await upstream.open(get, Retries(), timeout=5)
    await lease.release()
    upstream.close()
    assert [seen.target for seen in origin.seen] == ["/", "/mine"]
    assert origin.connections == 2


async def test_a_body_that_is_too_large_is_answered_by_the_guard_while_it_streams(
    start: Start, origin: Origin
):
    origin.leave_body = True

    async def swallow(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await chunk_of(reader):
            pass

    origin.reply = swallow
    front = await start(one_route(origin, "max_body_bytes: 200000"))

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 50_000

    async with front.session.post(front.url + "/o", data=parts()) as answer:
        assert answer.status == 413

"""Whatever an upstream does, the client gets a whole answer, an honest refusal or a visible break."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from gateway.testing.front import Front
from gateway.testing.origin import Origin, Seen, ok, one_route, raw

Start = Callable[..., Awaitable[Front]]

_H = b"HTTP/1.1 200 OK\r\n"
_GET = b"GET /o HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def problem(front: Front, method: str = "GET") -> tuple[int, str]:
    async with front.session.request(method, front.url + "/o") as answer:
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status, (await answer.json(content_type=None))["type"].rpartition(":")[2]


@pytest.mark.parametrize(
    "answer",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00garbage",
        b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 99 Odd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + ok(),
        _H + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
        _H + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        _H + b"Content-Length: -1\r\n\r\n",
        _H + b"Content-Length: 1, 1\r\n\r\nx",
        _H + b"Content-Length: 99999999999999999999999\r\n\r\nx",
        _H + b"Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        _H + b"Transfer-Encoding: xchunked\r\n\r\nx",
        _H + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        _H + b"X: a\r\n folded\r\nContent-Length: 0\r\n\r\n",
        _H + b"X : a\r\nContent-Length: 0\r\n\r\n",
        _H + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n",
        _H + b"X: a\rSet-Cookie: evil=1\r\nContent-Length: 0\r\n\r\n",
        _H + b"X: 1\r\n" * 300 + b"Content-Length: 0\r\n\r\n",
        _H + b"X: " + b"a" * 200_000 + b"\r\nContent-Length: 0\r\n\r\n",
        _H + b"Content-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 20",
        b"",
    ],
)
async def test_what_is_no_answer_becomes_a_502(start: Start, origin: Origin, answer: bytes):
    origin.reply = raw(answer, close=True)
    front = await start(one_route(origin))

    assert await problem(front) == (502, "upstream-fault")


@pytest.mark.parametrize(
    "answer",
    [
        _H + b"Content-Length: 200000\r\n\r\n" + b"x" * 150_000,
        _H + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        _H + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        _H + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n",
        _H + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5;" + b"x" * 200_000,
    ],
)
async def test_an_answer_that_breaks_off_never_looks_complete(start: Start, origin: Origin, answer: bytes):
    origin.reply = raw(answer, close=True)
    front = await start(one_route(origin))

    received = await front.raw(_GET)
    head, _, body = received.partition(b"\r\n\r\n")
    assert b" 200 " in head
    if b"content-length" in head.lower():
        assert len(body) < 200_000
    else:
        assert b"hello" in body
        assert not body.endswith(b"0\r\n\r\n")
    with pytest.raises(aiohttp.ClientPayloadError):
        async with front.session.get(front.url + "/o") as answered:
            await answered.read()


async def test_a_reset_in_the_middle_is_no_end_either(start: Start, origin: Origin):
    async def reset(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_H + b"\r\nuntil the connection closes")
        await writer.drain()
        await reader.read(1)

    origin.reply = reset
    front = await start(one_route(origin))

    async with front.session.get(front.url + "/o") as answer:
        assert await answer.content.readany()
        for writer in origin._writers:
            held: socket.socket = writer.get_extra_info("socket")
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        origin.hang_up()
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_an_answer_framed_by_the_end_of_the_connection_is_whole(start: Start, origin: Origin):
    origin.reply = raw(b"HTTP/1.0 200 OK\r\n\r\n" + b"y" * 100_000, close=True)
    front = await start(one_route(origin))

    async with front.session.get(front.url + "/o") as answer:
        assert await answer.read() == b"y" * 100_000


async def test_a_hanging_upstream_is_a_504_in_time(start: Start, origin: Origin):
    async def hang(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    origin.reply = hang
    front = await start(one_route(origin, "timeout_seconds: 0.2"))
    loop = asyncio.get_running_loop()
    began = loop.time()

    assert await problem(front) == (504, "upstream-timeout")
    assert loop.time() - began < 2


async def test_a_dripping_head_is_held_to_the_timeout_as_a_whole(start: Start, origin: Origin):
    async def drip(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in ok():
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0.05)

    origin.reply = drip
    front = await start(one_route(origin, "timeout_seconds: 0.3"))

    assert await problem(front) == (504, "upstream-timeout")


async def test_a_long_answer_that_stalls_is_cut_off(start: Start, origin: Origin):
    async def stall(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_H + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await reader.read(1)

    origin.reply = stall
    front = await start(one_route(origin, "idle_timeout_seconds: 0.2"))

    with pytest.raises(aiohttp.ClientPayloadError):
        async with front.session.get(front.url + "/o") as answer:
            await answer.read()


async def test_a_closed_port_is_a_502_at_once(start: Start, origin: Origin):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        origin.port = free.getsockname()[1]
        front = await start(one_route(origin))

        assert await problem(front) == (502, "upstream-fault")


@pytest.mark.parametrize(
    "path",
    [
        "/o/%2e%2e/admin", "/o/..%2fadmin", "/o%2fx", "/o/..;/admin", "/o/.;x/y", "/o/%5cx", "/o/%00", "/o/%",
        "/o/%zz", "/o/%2e", "/o/a%2f..%2fb", "/o/%0d%0ax", "/o/a|b", "/o/<x>", '/o/"x"', "/o/{x}", "/o/%7f",
        "/o/a/../b", "/o/./b", "//o/x", "/o//x", "/o/\\x",
    ],
)  # fmt: skip
async def test_a_path_of_two_readings_is_refused(start: Start, origin: Origin, path: str):
    front = await start(one_route(origin))

    answer = await front.raw(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode("latin-1")
    )
    assert answer.split(b" ")[1] in {b"400", b"404"}
    assert origin.seen == []


async def test_an_escaped_letter_does_not_lead_around_a_policy(start: Start, origin: Origin):
    front = await start(
        one_route(origin, "rewrite: /").replace("/o,", "/,")
        + "  - {name: admin, prefix: /admin, upstream: o, auth: {roles: [admin]}}\n"
    )

    answer = await front.raw(b"GET /%61dmin/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert origin.seen == []

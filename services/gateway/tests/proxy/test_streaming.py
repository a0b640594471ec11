"""Long bodies flow at the pace of the slower side; events and WebSockets go through as they come."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from websockets.asyncio.server import ServerConnection, serve

from gateway.testing import until
from gateway.testing.front import Front
from gateway.testing.origin import Origin, Seen, chunk_of, one_route, raw

Start = Callable[..., Awaitable[Front]]

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_MIB = 1024 * 1024


async def test_events_arrive_one_by_one(start: Start, origin: Origin):
    heard = asyncio.Event()

    async def events(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for number in range(3):
            data = b"data: %d\n\n" % number
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            await heard.wait()
            heard.clear()
        writer.write(b"0\r\n\r\n")

    origin.reply = events
    front = await start(one_route(origin))

    async with front.session.get(front.url + "/o") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        for number in range(3):
            assert await answer.content.readuntil(b"\n\n") == b"data: %d\n\n" % number
            heard.set()
        assert await answer.content.read() == b""


async def test_a_client_that_leaves_ends_the_stream_at_the_upstream(start: Start, origin: Origin):
    ended = asyncio.Event()

    async def events(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_CHUNKED + b"5\r\nhello\r\n")
        assert await reader.read() == b""
        ended.set()

    origin.reply = events
    front = await start(one_route(origin))

    async with front.session.get(front.url + "/o") as answer:
        assert await answer.content.read(5) == b"hello"
        answer.close()
    async with asyncio.timeout(5):
        await ended.wait()


async def test_a_large_answer_is_never_held_in_memory(start: Start, origin: Origin):
    size = 64 * _MIB
    written = 0

    async def flood(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        block = b"z" * 65536
        while written < size:
            writer.write(block)
            await writer.drain()
            written += len(block)

    origin.reply = flood
    front = await start(one_route(origin))
    tracemalloc.start()
    try:
        async with front.session.get(front.url + "/o") as answer:
            await answer.content.readexactly(65536)
            for _ in range(50):
                await asyncio.sleep(0.01)
            # Nobody reads: what is under way is what the sockets and the bounded buffers hold.
            assert written < 32 * _MIB
            got = 65536
            while data := await answer.content.read(_MIB):
                got += len(data)
        assert got == size
        assert tracemalloc.get_traced_memory()[1] < 16 * _MIB
    finally:
        tracemalloc.stop()


async def test_a_large_request_is_never_held_in_memory(start: Start, origin: Origin):
    size = 64 * _MIB
    origin.leave_body = True
    go = asyncio.Event()
    sent = received = 0

    async def swallow(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        await go.wait()
        while data := await chunk_of(reader):
            received += len(data)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    origin.reply = swallow
    front = await start(one_route(origin))

    async def parts() -> AsyncIterator[bytes]:
        nonlocal sent
        block = b"q" * 65536
        while sent < size:
            yield block
            sent += len(block)

    async def post() -> int:
        async with front.session.post(front.url + "/o", data=parts()) as answer:
            return answer.status

    tracemalloc.start()
    try:
        posting = asyncio.create_task(post())
        await until(lambda: origin.seen)
        for _ in range(50):
            await asyncio.sleep(0.01)
        # The upstream does not read: neither can the client write on.
        assert sent < 32 * _MIB
        go.set()
        assert await posting == 204
        assert received == size
        assert tracemalloc.get_traced_memory()[1] < 16 * _MIB
    finally:
        tracemalloc.stop()


async def test_both_directions_flow_at_once(start: Start, origin: Origin):
    origin.leave_body = True

    async def echo(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_CHUNKED)
        while data := await chunk_of(reader):
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        writer.write(b"0\r\n\r\n")

    origin.reply = echo
    front = await start(one_route(origin))
    turns: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def parts() -> AsyncIterator[bytes]:
        # The first part is long: a short body is sent at once, when all of it is there.
        yield b"s" * 70_000
        while (data := await turns.get()) is not None:
            yield data

    async with front.session.post(front.url + "/o", data=parts()) as answer:
        assert await answer.content.readexactly(70_000) == b"s" * 70_000
        for word in (b"one", b"two"):
            turns.put_nowait(word)
            assert await answer.content.readexactly(3) == word
        turns.put_nowait(None)
        assert await answer.content.read() == b""


async def _echo(connection: ServerConnection) -> None:
    assert connection.request is not None
    await connection.send(connection.request.headers.get("X-Auth-Subject", "nobody"))
    async for message in connection:
        if message == "bye":
            await connection.close(4002, "as asked")
            return
        await connection.send(message)


async def test_a_websocket_carries_messages_and_close_codes_both_ways(start: Start, origin: Origin):
    async with serve(_echo, "127.0.0.1", 0, subprotocols=None) as server:
        origin.port = next(iter(server.sockets)).getsockname()[1]
        front = await start(one_route(origin, "websocket: true").replace("access: public", "access: bearer"))

        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await front.session.ws_connect(front.url + "/o")
        assert refused.value.status == 401
        headers = front.bearer(sub="u-9") | {"x-auth-subject": "root"}
        async with front.session.ws_connect(front.url + "/o", headers=headers) as socket:
            assert (await socket.receive_str()) == "u-9"
            await socket.send_str("hello")
            assert await socket.receive_str() == "hello"
            await socket.send_bytes(b"\x00\x01")
            assert await socket.receive_bytes() == b"\x00\x01"
            await socket.send_str("bye")
            message = await socket.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4002)
        upstream = front.proxied.routes.upstreams["o"][1]
        await until(lambda: not upstream.bulkhead.taken)


async def test_a_closed_websocket_closes_the_upstreams(start: Start, origin: Origin):
    closed: asyncio.Queue[int | None] = asyncio.Queue()

    async def wait(connection: ServerConnection) -> None:
        await connection.wait_closed()
        closed.put_nowait(connection.close_code)

    async with serve(wait, "127.0.0.1", 0) as server:
        origin.port = next(iter(server.sockets)).getsockname()[1]
        front = await start(one_route(origin, "websocket: true"))
        async with front.session.ws_connect(front.url + "/o") as socket:
            await socket.close(code=4001)
        async with asyncio.timeout(5):
            assert await closed.get() == 4001


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (b"403 Forbidden", 403),
        (b"426 Upgrade", 426),
        (b"200 OK", 502),
        (b"302 Found", 502),
        (b"500 Fault", 502),
    ],
)
async def test_a_refused_websocket_is_refused_likewise(
    start: Start, origin: Origin, theirs: bytes, ours: int
):
    origin.reply = raw(b"HTTP/1.1 " + theirs + b"\r\nContent-Length: 0\r\n\r\n")
    front = await start(one_route(origin, "websocket: true"))

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await front.session.ws_connect(front.url + "/o")
    assert refused.value.status == ours


async def test_a_route_without_websockets_has_none(start: Start, origin: Origin):
    front = await start(one_route(origin))
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await front.session.ws_connect(front.url + "/o")
    assert refused.value.status == 404

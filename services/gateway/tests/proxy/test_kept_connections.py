"""A connection to an upstream is kept only while its next answer can only be the next answer."""

import asyncio
from collections.abc import Awaitable, Callable

from gateway.testing.front import Front
from gateway.testing.origin import Origin, Seen, ok, one_route

Start = Callable[..., Awaitable[Front]]


async def test_bytes_after_an_answer_are_never_the_next_answer(start: Start, origin: Origin):
    async def two(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(b"mine") + ok(b"of somebody else"))

    origin.reply = two
    front = await start(one_route(origin))

    for _ in range(4):
        async with front.session.get(front.url + "/o") as answer:
            assert await answer.read() == b"mine"
    assert origin.connections == 4


async def test_an_answer_nobody_asked_for_ends_an_idle_connection(start: Start, origin: Origin):
    late, gone = asyncio.Event(), asyncio.Event()

    async def push(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(b"mine"))
        if len(origin.seen) == 1:
            await late.wait()
            writer.write(ok(b"poison"))
            assert await reader.read() == b""
            gone.set()

    origin.reply = push
    front = await start(one_route(origin))
    async with front.session.get(front.url + "/o") as answer:
        assert await answer.read() == b"mine"
    late.set()
    async with asyncio.timeout(2):
        await gone.wait()
    async with front.session.get(front.url + "/o") as answer:
        assert await answer.read() == b"mine"


async def test_a_kept_connection_that_was_closed_is_replaced_without_an_error(start: Start, origin: Origin):
    closing = asyncio.Event()

    async def once(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(origin.seen) == 1:
            writer.write(ok(b"1"))
            # The next request is read and left without an answer, as by a server that is just closing.
            await reader.readuntil(b"\r\n\r\n")
            closing.set()
            writer.transport.abort()
        else:
            writer.write(ok(b"2"))

    origin.reply = once
    front = await start(one_route(origin))

    async with front.session.get(front.url + "/o") as answer:
        assert await answer.read() == b"1"
    async with front.session.get(front.url + "/o") as answer:
        assert await answer.read() == b"2"
    assert closing.is_set()


async def test_what_may_not_be_sent_twice_is_not(start: Start, origin: Origin):
    async def once(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(origin.seen) == 1:
            writer.write(ok(b"1"))
        else:
            writer.transport.abort()

    origin.reply = once
    front = await start(one_route(origin, "retries: {attempts: 3}"))

    async with front.session.post(front.url + "/o", data=b"pay") as answer:
        assert answer.status == 200
    async with front.session.post(front.url + "/o", data=b"pay") as answer:
        assert answer.status == 502
    assert len(origin.seen) == 2

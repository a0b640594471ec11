"""Retries, breaker, bulkhead, balance and ejection, as a client and the upstream see them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from gateway.testing import until
from gateway.testing.front import Front
from gateway.testing.origin import Origin, Seen, ok, one_route, raw, serving

Start = Callable[..., Awaitable[Front]]

_FAIL = b"HTTP/1.1 503 Sorry\r\nContent-Length: 0\r\n\r\n"
_BREAKER = "breaker: {failures: 3, open_seconds: 0.2}, ejection: null"


async def status(front: Front, path: str = "/o", method: str = "GET") -> int:
    async with front.session.request(method, front.url + path) as answer:
        await answer.read()
        return answer.status


async def test_an_idempotent_request_is_tried_again(start: Start, origin: Origin):
    async def second_time(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(origin.seen) < 3:
            writer.transport.abort()
        else:
            writer.write(ok())

    origin.reply = second_time
    front = await start(one_route(origin, "retries: {attempts: 3}"))

    assert await status(front) == 200
    assert len(origin.seen) == 3


async def test_a_bad_status_is_tried_again_where_the_route_says(start: Start, origin: Origin):
    async def second_time(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_FAIL if len(origin.seen) % 2 else ok())

    origin.reply = second_time
    front = await start(one_route(origin, "retries: {attempts: 2, statuses: [503]}"))

    assert await status(front) == 200
    assert await status(front, method="POST") == 503
    assert len(origin.seen) == 3


async def test_an_attempt_has_its_own_time(start: Start, origin: Origin):
    async def first_hangs(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(origin.seen) == 1:
            await reader.read(1)
        else:
            writer.write(ok())

    origin.reply = first_hangs
    rule = "retries: {attempts: 2, faults: [timeout], attempt_timeout_seconds: 0.2}"
    front = await start(one_route(origin, rule))

    assert await status(front) == 200


async def test_retries_end_with_their_budget(start: Start, origin: Origin):
    origin.reply = raw(_FAIL)
    budget = "retry_budget: {ratio: 0.1, per_second: 0}, breaker: {failures: 1000}, ejection: null"
    front = await start(one_route(origin, "retries: {attempts: 5, statuses: [503]}", budget))

    for _ in range(50):
        assert await status(front) == 503
    # One retry in hand at the start, then one for every ten requests.
    assert 50 < len(origin.seen) <= 50 + 1 + 5


async def test_an_open_breaker_answers_at_once_and_says_when_to_come_back(start: Start, origin: Origin):
    origin.reply = raw(_FAIL)
    front = await start(one_route(origin, "", "breaker: {failures: 3, open_seconds: 30}"))

    for _ in range(3):
        assert await status(front) == 503
    async with front.session.get(front.url + "/o") as answer:
        assert answer.status == 503
        assert 29 <= int(answer.headers["retry-after"]) <= 30
    assert len(origin.seen) == 3


async def test_answers_that_break_off_open_the_breaker_too(start: Start, origin: Origin):
    origin.reply = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", close=True)
    front = await start(one_route(origin, "", "breaker: {failures: 3}, ejection: null"))

    for _ in range(3):
        with pytest.raises(aiohttp.ClientPayloadError):
            await status(front)
    assert await status(front) == 503
    assert len(origin.seen) == 3


async def test_one_trial_decides_whatever_the_crowd(start: Start, origin: Origin):
    at_upstream, answer_now = asyncio.Event(), asyncio.Event()
    origin.reply = raw(_FAIL)
    front = await start(one_route(origin, "", _BREAKER))
    for _ in range(3):
        await status(front)
    breaker = front.proxied.routes.upstreams["o"][1].breaker
    assert breaker.state == "open"

    async def slow(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_upstream.set()
        await answer_now.wait()
        writer.write(ok())

    origin.reply = slow
    await until(lambda: not breaker.rejecting())
    trial = asyncio.create_task(status(front))
    await at_upstream.wait()
    assert await asyncio.gather(*(status(front) for _ in range(30))) == [503] * 30
    assert len(origin.seen) == 4
    answer_now.set()
    assert await trial == 200
    assert breaker.state == "closed"
    assert await status(front) == 200


async def test_a_client_that_leaves_says_nothing_about_the_upstream(start: Start, origin: Origin):
    async def hang(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""
        gone.release()

    gone = asyncio.Semaphore(0)
    origin.reply = hang
    front = await start(one_route(origin, "timeout_seconds: 60", "breaker: {failures: 2}"))

    async def leave() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", front.port)
        writer.write(b"GET /o HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: len(origin.seen) == 4)
        writer.close()

    await asyncio.gather(*(leave() for _ in range(4)))
    async with asyncio.timeout(10):
        for _ in range(4):
            await gone.acquire()
    upstream = front.proxied.routes.upstreams["o"][1]
    await until(lambda: upstream.bulkhead.taken == 0)
    assert upstream.breaker.state == "closed"
    assert upstream.balancer.endpoints[0].failures == 0


async def test_a_full_bulkhead_refuses_after_a_bounded_wait(start: Start, origin: Origin):
    go = asyncio.Event()

    async def wait(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        writer.write(ok())

    origin.reply = wait
    front = await start(
        one_route(origin, "", "bulkhead: {max_concurrent: 2, max_waiting: 1, max_wait_seconds: 0.2}")
    )

    inside = [asyncio.create_task(status(front)) for _ in range(2)]
    await until(lambda: len(origin.seen) == 2)
    assert await asyncio.gather(*(status(front) for _ in range(4))) == [503] * 4
    go.set()
    assert await asyncio.gather(*inside) == [200, 200]
    assert await status(front) == 200
    assert front.proxied.routes.upstreams["o"][1].bulkhead.taken == 0


async def test_requests_take_turns_and_leave_a_sick_endpoint_alone(start: Start, origin: Origin):
    async with serving(Origin()) as other:
        other.reply = raw(_FAIL)
        routes = one_route(origin, "", "ejection: {failures: 2, seconds: 60}, breaker: {failures: 100}")
        front = await start(routes.replace(f'"{origin.url}"', f'"{origin.url}", "{other.url}"'))

        answers = [await status(front) for _ in range(12)]
        assert len(other.seen) == 2
        assert answers.count(200) == 10


async def test_a_refused_connection_is_taken_to_another_endpoint_whatever_the_method(
    start: Start, origin: Origin
):
    async with contextlib.AsyncExitStack() as stack:
        other = await stack.enter_async_context(serving(Origin()))
        routes = one_route(origin, "retries: {attempts: 2}", "ejection: null").replace(
            f'"{origin.url}"', f'"{origin.url}", "{other.url}"'
        )
        front = await start(routes)
        await stack.aclose()

        for _ in range(6):
            async with front.session.post(front.url + "/o", data=b"pay") as answer:
                assert answer.status == 200
        assert [seen.body for seen in origin.seen] == [b"pay"] * 6


async def test_least_requests_goes_around_the_busy_one(start: Start, origin: Origin):
    go = asyncio.Event()

    async def wait(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        writer.write(ok())

    origin.reply = wait
    async with serving(Origin()) as other:
        routes = one_route(origin, "", "balance: least_requests")
        front = await start(routes.replace(f'"{origin.url}"', f'"{origin.url}", "{other.url}"'))
        tasks = []
        async with asyncio.timeout(5):
            while not origin.seen:
                tasks.append(asyncio.create_task(status(front)))
                await asyncio.sleep(0.01)
        before = len(other.seen)
        for _ in range(6):
            assert await status(front) == 200
        assert (len(origin.seen), len(other.seen)) == (1, before + 6)
        go.set()
        await asyncio.gather(*tasks)


async def test_a_name_stands_for_each_of_its_addresses(start: Start, origin: Origin):
    routes = one_route(origin).replace("targets:", "dns:").replace("[", "", 1).replace("]", "", 1)
    front = await start(routes.replace("127.0.0.1", "localhost"))

    assert await status(front) == 200
    assert origin.seen[0].one("host") == f"localhost:{origin.port}"

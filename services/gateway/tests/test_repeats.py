"""Requests that come again byte by byte: read once, judged each time, and never found where none was sent."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.chain import Chain
from gateway.serving.repeats import MOST_BYTES, Repeats
from gateway.testing import until
from gateway.testing.stand_in import StandIn
from gateway.testing.whole import Gateway, GatewayFactory
from reliability.auth.v1 import auth_pb2 as pb

REQUEST_ID = re.compile(rb"x-request-id: (\S+)")
# From the second time on a request is known, so from the third on it is not read any more.
OFTEN = 5


class Line:
    """One connection, one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def answer(self) -> tuple[int, bytes]:
        """Status and head."""
        async with asyncio.timeout(5):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            await self._reader.readexactly(int(length[1]) if length else 0)
        return int(head[9:12]), head

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        self.send(request)
        return await self.answer()

    async def quiet(self) -> bool:
        """Whether nothing more comes, by an answer to something else coming next."""
        status, _ = await self.ask(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return status == 404


@asynccontextmanager
async def line_to(gateway: Gateway, *, peer: str = "127.0.0.1") -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, local_addr=(peer, 0))
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


def asking(path: str, token: str, more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{more}\r\n".encode()


@pytest.fixture
def request_(auth: StandIn) -> bytes:
    return asking("/protected", auth.signer.token("user"))


async def known(line: Line, request: bytes) -> None:
    for _ in range(OFTEN):
        assert (await line.ask(request))[0] == 200


async def taken_in(gateway: Gateway) -> None:
    """What was sent before has been read by now: others have been answered since."""
    async with line_to(gateway) as line:
        for _ in range(OFTEN):
            assert await line.quiet()


async def test_each_has_ids_of_its_own_and_is_answered_alike(gateway: Gateway, request_: bytes) -> None:
    async with line_to(gateway) as line:
        heads = [(await line.ask(request_))[1] for _ in range(OFTEN)]

    ids = {found[1] for head in heads if (found := REQUEST_ID.search(head))}
    assert len(ids) == OFTEN
    varying = re.compile(rb"(x-request-id|date|ratelimit): [^\r]*\r\n")
    assert len({varying.sub(b"", head) for head in heads}) == 1


async def test_ids_that_a_client_brings_are_kept_each_time(gateway: Gateway, auth: StandIn) -> None:
    request = asking("/protected", auth.signer.token("user"), "X-Request-Id: mine-0001\r\n")
    async with line_to(gateway) as line:
        for _ in range(OFTEN):
            assert b"x-request-id: mine-0001" in (await line.ask(request))[1]


async def test_a_revocation_ends_what_was_known(gateway: Gateway, auth: StandIn, request_: bytes) -> None:
    async with line_to(gateway) as line:
        await known(line, request_)
        who = await auth.verify(request_.split(b"Bearer ")[1].split(b"\r\n")[0].decode())
        await auth.revoke(pb.REVOCATION_KIND_TOKEN, who.jti)

        async with asyncio.timeout(5):
            while (await line.ask(request_))[0] != 401:
                pass
        assert [(await line.ask(request_))[0] for _ in range(OFTEN)] == [401] * OFTEN


async def test_limits_count_what_was_known(start: GatewayFactory, auth: StandIn, request_: bytes) -> None:
    gateway = await start(RATE_LIMIT_DEFAULT="7/hour")
    async with line_to(gateway) as line:
        statuses = [(await line.ask(request_))[0] for _ in range(10)]

    assert statuses == [200] * 7 + [429] * 3


async def test_a_body_that_reads_like_a_known_request_is_none(gateway: Gateway, request_: bytes) -> None:
    """Its head was refused before the body came, and the connection went on."""
    post = b"POST /protected HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(request_)
    async with line_to(gateway) as line:
        await known(line, request_)
        status, head = await line.ask(post)
        assert status == 405
        assert b"connection: close" not in head
        line.send(request_)
        await taken_in(gateway)

        assert await line.quiet()


async def test_what_is_sent_in_pieces_or_in_one_go_has_as_many_answers(
    gateway: Gateway, request_: bytes
) -> None:
    async with line_to(gateway) as line:
        await known(line, request_)
        line.send(request_[:-2])
        await taken_in(gateway)
        line.send(request_[-2:] + request_ + request_)
        line.send(request_)

        assert [(await line.answer())[0] for _ in range(4)] == [200] * 4
        assert await line.quiet()


async def test_two_that_always_come_together_are_two(gateway: Gateway, request_: bytes) -> None:
    async with line_to(gateway) as line:
        for _ in range(OFTEN):
            line.send(request_ + request_)
            assert [(await line.answer())[0] for _ in range(2)] == [200] * 2
        assert await line.quiet()


async def test_what_one_peer_is_believed_another_is_not(start: GatewayFactory, auth: StandIn) -> None:
    gateway = await start(TRUSTED_PROXIES="127.0.0.2/32")
    told = "X-Forwarded-Method: GET\r\nX-Forwarded-Uri: /external-api\r\n"
    request = asking("/authz", auth.signer.token("user"), told)
    async with line_to(gateway, peer="127.0.0.2") as proxy, line_to(gateway) as client:
        await known(proxy, request)

        assert (await client.ask(request))[0] == 403


async def test_the_end_of_another_request_is_not_a_known_one(gateway: Gateway, request_: bytes) -> None:
    async with line_to(gateway) as line:
        await known(line, request_)
        # One header, cut where a known request begins.
        line.send(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nX-Note: ")
        await taken_in(gateway)
        line.send(request_)

        # Its Host and Authorization come twice for that.
        assert (await line.answer())[0] == 400


async def test_other_routes_are_found_anew(start: GatewayFactory, auth: StandIn, tmp_path: Path) -> None:
    routes = tmp_path / "routes.yaml"
    upstreams = 'upstreams: {{a: {{targets: ["http://127.0.0.1:1"]}}}}\n'
    text = upstreams + "routes: [{{name: r, prefix: {}, upstream: a}}]\n"
    routes.write_text(text.format("/orders"), encoding="utf-8")
    gateway = await start(ROUTES_FILE=str(routes), TRUSTED_PROXIES="127.0.0.1/32")
    told = "X-Forwarded-Method: GET\r\nX-Forwarded-Uri: /orders\r\n"
    request = asking("/authz", auth.signer.token("user"), told)
    async with line_to(gateway) as line:
        await known(line, request)
        routes.write_text(text.format("/others"), encoding="utf-8")

        async with asyncio.timeout(5):
            while (await line.ask(request))[0] != 403:
                await asyncio.sleep(0.02)


async def test_a_gateway_that_drains_says_so_to_what_was_known(gateway: Gateway, request_: bytes) -> None:
    async with line_to(gateway) as line:
        await known(line, request_)
        gateway.readiness.serving(yes=False)
        await until(lambda: not gateway.readiness.ready)

        status, head = await line.ask(request_)
        assert status == 200
        assert b"connection: close" in head


class Nobody(Chain):
    """Knows every request."""

    def __init__(self) -> None:
        self.rehearsed = 0

    def rehearse(self, scope: object) -> object:  # type: ignore[override]
        self.rehearsed += 1
        return object()


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    chain = Nobody()
    repeats = Repeats(chain)
    for number in range(10_000):
        name = ("192.0.2.1", b"GET /%d" % number)
        repeats.saw(name, {})
        assert repeats.find(name) is None
        repeats.saw(name, {})
        assert repeats.find(name) is not None

    kept = sum(repeats.find(("192.0.2.1", b"GET /%d" % number)) is not None for number in range(10_000))
    assert 1000 < kept < 5000


def test_what_is_too_long_is_not_remembered() -> None:
    repeats = Repeats(Nobody())
    name = ("192.0.2.1", b"x" * (MOST_BYTES + 1))
    for _ in range(3):
        repeats.saw(name, {})

    assert repeats.find(name) is None


def test_what_one_peer_sent_is_not_known_of_another() -> None:
    repeats = Repeats(Nobody())
    for _ in range(2):
        repeats.saw(("192.0.2.1", b"GET /"), {})

    assert repeats.find(("192.0.2.1", b"GET /")) is not None
    assert repeats.find(("192.0.2.2", b"GET /")) is None

"""An upstream that is a name goes where the name goes, and loses no request on the way."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from gateway.testing import until
from gateway.testing.front import Front
from gateway.testing.origin import Origin, Seen, ok, serving

Start = Callable[..., Awaitable[Front]]

NAME = "orders.internal"
FIRST, SECOND = "127.0.0.2", "127.0.0.3"


@dataclass
class Names:
    """What the operating system's resolver says of NAME."""

    addresses: tuple[str, ...] = ()
    asked: int = 0

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> list[Any]:
        assert host == NAME
        self.asked += 1
        if not self.addresses:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        family, kind = socket.AF_INET, socket.SOCK_STREAM
        return [(family, kind, 6, "", (address, port)) for address in self.addresses]


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    loop, known = asyncio.get_running_loop(), Names((FIRST,))
    real = loop.getaddrinfo

    async def getaddrinfo(host: Any, port: Any, **options: Any) -> list[Any]:
        return await (known.getaddrinfo if host == NAME else real)(host, port, **options)

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    return known


@dataclass
class Traffic:
    """Clients that never stop asking; half of what they send must not be sent twice."""

    front: Front
    seen: Counter[object] = field(default_factory=Counter)
    going: bool = True

    async def client(self, number: int) -> None:
        method = "POST" if number % 2 else "GET"
        while self.going:
            try:
                asked = self.front.session.request(method, self.front.url + "/o", data=b"x" * (number % 2))
                async with asked as answer:
                    await answer.read()
                    self.seen[answer.status] += 1
            except aiohttp.ClientError as error:
                self.seen[repr(error)] += 1

    async def more(self, count: int) -> None:
        after = self.seen.total() + count
        await until(lambda: self.seen.total() >= after, 20)


async def slowly(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """So that there is always something under way."""
    await asyncio.sleep(0.02)
    writer.write(ok())


@pytest.fixture
async def origins() -> AsyncIterator[tuple[Origin, Origin, AsyncExitStack]]:
    """Two of one port, and what ends the first."""
    async with AsyncExitStack() as second, AsyncExitStack() as first:
        old = await first.enter_async_context(serving(Origin(reply=slowly), host=FIRST))
        new = await second.enter_async_context(serving(Origin(reply=slowly, port=old.port), host=SECOND))
        yield old, new, first


async def test_traffic_moves_with_the_name_and_no_request_is_lost(
    start: Start, names: Names, origins: tuple[Origin, Origin, AsyncExitStack]
):
    old, new, first = origins
    front = await start(f"""
upstreams:
  o: {{dns: "http://{NAME}:{old.port}", dns_refresh_seconds: 0.1}}
routes:
  - {{name: o, prefix: /o, methods: [GET, POST], upstream: o, auth: {{access: public}}}}
""")
    traffic = Traffic(front)
    clients = [asyncio.create_task(traffic.client(number)) for number in range(8)]
    await traffic.more(50)
    assert (len(new.seen), old.seen[0].one("host")) == (0, f"{NAME}:{old.port}")

    names.addresses = (FIRST, SECOND)
    await until(lambda: len(new.seen) > 20)

    names.addresses = (SECOND,)
    asked = names.asked
    await until(lambda: names.asked > asked)
    await traffic.more(16)
    left = len(old.seen)
    await traffic.more(50)
    assert len(old.seen) == left
    await first.aclose()
    await traffic.more(50)

    # A resolver that is gone changes nothing.
    names.addresses = ()
    asked = names.asked
    await until(lambda: names.asked > asked)
    await traffic.more(50)
    traffic.going = False
    await asyncio.gather(*clients)
    assert set(traffic.seen) == {200}

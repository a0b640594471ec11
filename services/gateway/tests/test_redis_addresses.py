"""Every way into a real Valkey, for limits and for kept answers alike: ACL, database, Unix socket, TLS."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from chassis.lifecycle import spawn
from chassis.redis_url import redis_url
from chassis.testing.pki import Authority
from gateway.limits.counts import Check, StoreDown
from gateway.limits.notation import Limit
from gateway.limits.redis import RedisStore
from gateway.limits.redis_address import RedisAddress
from gateway.proxy.last_good import LastGood, connect
from gateway.settings import GatewaySettings
from suite.valkey import Valkey

# Of nobody; what a URI would take for its own parts is in it on purpose.
PASSWORD = "p@ss/word:?#7"
QUOTED = "p%40ss%2Fword%3A%3F%237"


class Furnished(Valkey):
    """With a user of its own and a Unix socket; the default user may do nothing but PING."""

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    def _settings(self) -> Path:
        file = super()._settings()
        with file.open("a") as opened:
            opened.write(f"unixsocket {self.socket}\n")
            opened.write("user default on nopass ~* -@all +ping\n")
            opened.write(f"user gateway on >{PASSWORD} ~* &* +@all\n")
        return file


@asynccontextmanager
async def tls_in_front(port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """Ends TLS and passes on what was in it: Valkey's wheel is built without."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@dataclass
class Ways:
    """Addresses of one server, without the database."""

    server: Furnished
    tls_port: int
    known: str
    stranger: str

    def to(self, way: str, user: str = f"gateway:{QUOTED}") -> str:
        tcp = f"{user}@localhost:{self.server.port}"
        return {
            "acl": f"redis://{tcp}/3",
            "the name limits gives it": f"async+redis://{tcp}/3",
            "the name Valkey gives it": f"valkey://{tcp}/3",
            "unix": f"unix://{user}@{self.server.socket}?db=3",
            "unix, the name limits gives it": f"redis+unix://{user}@{self.server.socket}?db=3",
            "tls": f"rediss://{user}@localhost:{self.tls_port}/3?{self.known}",
        }[way]


WAYS = [
    *("acl", "the name limits gives it", "the name Valkey gives it"),
    *("unix", "unix, the name limits gives it", "tls"),
]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    # The path of a socket has about a hundred bytes.
    with Furnished(tmp_path_factory.mktemp("v") / "v") as server:
        yield server


@pytest.fixture
async def ways(furnished: Furnished, tmp_path: Path) -> AsyncIterator[Ways]:
    files, stranger = Authority().issue(tmp_path / "a"), Authority().issue(tmp_path / "b")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(files.ca))
    context.load_cert_chain(files.cert, files.key)
    # Who comes without a certificate of its own is not let in.
    context.verify_mode = ssl.CERT_REQUIRED
    async with tls_in_front(furnished.port, context) as port:
        shown = f"&ssl_certfile={files.cert}&ssl_keyfile={files.key}"
        yield Ways(furnished, port, f"ssl_ca_certs={files.ca}{shown}", f"ssl_ca_certs={stranger.ca}{shown}")


@asynccontextmanager
async def limits_at(uri: str) -> AsyncIterator[RedisStore]:
    async with AsyncExitStack() as stack:
        store = RedisStore(RedisAddress.parse(uri), timeout=1)
        spawn(stack, store.keep(), "store")
        async with asyncio.timeout(5):
            await store.tried.wait()
        yield store


def check(key: str) -> list[Check]:
    limit = Limit.parse("2/hour")
    return [Check(key, limit, limit.amount)]


@pytest.mark.parametrize("way", WAYS)
async def test_limits_are_counted_in_the_named_database(ways: Ways, way: str) -> None:
    async with limits_at(ways.to(way)) as store:
        counts = [(await store.take(check(f"limit of {way}")))[0] for _ in range(3)]
    assert [count.admitted for count in counts] == [True, True, False]

    async with (
        connect(redis_url(ways.to("acl"))) as third,
        connect(redis_url(ways.to("acl")[:-1] + "0")) as first,
    ):
        assert await third.exists(f"limit of {way}") == 1
        assert await first.exists(f"limit of {way}") == 0


@pytest.mark.parametrize("way", WAYS)
async def test_an_answer_is_kept_in_the_named_database(ways: Ways, way: str) -> None:
    redis = connect(redis_url(ways.to(way)))
    last_good = LastGood(redis, prefix="t", ttl_seconds=60, now=time.time)
    last_good.put(f"answer of {way}", [], b"news")
    await last_good.settle()
    found = await last_good.get(f"answer of {way}")
    await redis.aclose()
    assert found is not None
    assert found[0].body == b"news"

    async with connect(redis_url(ways.to("acl"))) as third:
        assert await third.exists(f"answer of {way}") == 1


@pytest.mark.parametrize("way", ["acl", "unix", "tls"])
async def test_a_wrong_password_gets_nobody_in(ways: Ways, way: str) -> None:
    uri = ways.to(way, user="gateway:wrong")
    async with limits_at(uri) as store:
        with pytest.raises(StoreDown):
            await store.take(check("nobody"))
    async with connect(redis_url(uri)) as redis:
        with pytest.raises(RedisError):
            await redis.get("nobody")


async def test_a_server_of_another_authority_is_not_believed(ways: Ways) -> None:
    uri = ways.to("tls").replace(ways.known, ways.stranger)
    async with limits_at(uri) as store:
        with pytest.raises(StoreDown):
            await store.take(check("nobody"))
    async with connect(redis_url(uri)) as redis:
        with pytest.raises(RedisError):
            await redis.get("nobody")


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("redis+sentinel://hunter2@a:26379/mymaster", "Sentinel and Cluster are not spoken here"),
        ("async+redis+sentinel://hunter2@a:26379,b:26379/mymaster", "Sentinel and Cluster are not spoken"),
        ("redis+cluster://hunter2@a:6379", "Sentinel and Cluster are not spoken here"),
        ("valkey+cluster://hunter2@a:6379", "Sentinel and Cluster are not spoken here"),
        ("redis://hunter2@a:6379,b:6379/0", "one host and one port"),
        ("redis://:hunter2/x@a:6379/0", "one host and one port"),
        ("mysql://hunter2@a", "redis://, rediss:// or unix://"),
        ("redis://a/hunter2", "the database of the storage is a number"),
        ("rediss://a?ssl_cert_reqs=none", "an option of the storage is not one of"),
        ("redis://:9?hunter2@a", "an option of the storage is not one of"),
        ("rediss://a?ssl_ca_certs=/nowhere/hunter2", "certificates of the storage cannot be read"),
        (f"rediss://a?ssl_ca_certs={__file__}", "certificates of the storage cannot be read"),
        (f"rediss://a?ssl_certfile={__file__}", "certificates of the storage cannot be read"),
    ],
)
@pytest.mark.parametrize("name", ["RATE_LIMIT_STORAGE_URI", "CIRCUIT_BREAKER_CACHE_URL"])
def test_what_cannot_be_spoken_to_is_refused_in_a_sentence(name: str, uri: str, sentence: str) -> None:
    _, faults = GatewaySettings.inspect({"ENVIRONMENT": "test", name: uri})

    assert [fault for fault in faults if fault.startswith(f"{name} is wrong: ") and sentence[1:] in fault]
    assert "hunter2" not in "".join(faults)

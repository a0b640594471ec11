"""An upstream is believed by its certificate alone, and can be shown one."""

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

from chassis.security.tls import TlsFiles
from chassis.testing.pki import Authority
from gateway.testing import until
from gateway.testing.front import Front
from gateway.testing.origin import Origin, one_route, serving

Start = Callable[..., Awaitable[Front]]


def server_side(files: TlsFiles, *, asks: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(files.ca))
    context.load_cert_chain(files.cert, files.key)
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def routes_to(origin: Origin, tls: str) -> str:
    return one_route(origin, "", f"tls: {{{tls}}}").replace("http://127.0.0.1", "https://127.0.0.1")


async def status(front: Front) -> int:
    async with front.session.get(front.url + "/o") as answer:
        return answer.status


async def test_a_known_certificate_is_believed_and_ours_is_shown(start: Start, tmp_path: Path):
    files = Authority().issue(tmp_path / "pki", "orders.internal")
    async with serving(Origin(), tls=server_side(files, asks=True)) as origin:
        shown = f"ca_file: {files.ca}, cert_file: {files.cert}, key_file: {files.key}"
        front = await start(routes_to(origin, shown + ", server_name: orders.internal"))
        assert [await status(front) for _ in range(3)] == [200] * 3
        assert origin.connections == 1


async def test_an_unknown_certificate_is_a_502(start: Start, tmp_path: Path):
    files = Authority().issue(tmp_path / "pki")
    stranger = Authority().issue(tmp_path / "other")
    async with serving(Origin(), tls=server_side(stranger, asks=False)) as origin:
        front = await start(routes_to(origin, f"ca_file: {files.ca}"))
        assert await status(front) == 502
        assert origin.seen == []


async def test_a_certificate_of_another_name_is_a_502(start: Start, tmp_path: Path):
    files = Authority().issue(tmp_path / "pki")
    async with serving(Origin(), tls=server_side(files, asks=False)) as origin:
        front = await start(routes_to(origin, f"ca_file: {files.ca}, server_name: orders.internal"))
        assert await status(front) == 502
        assert origin.seen == []


async def test_files_that_are_not_there_are_a_fault_of_the_routes_file(start: Start, tmp_path: Path):
    files = Authority().issue(tmp_path / "pki")
    async with serving(Origin(), tls=server_side(files, asks=False)) as origin:
        front = await start(routes_to(origin, f"ca_file: {files.ca}"))
        watcher = front.proxied.watcher
        assert watcher is not None
        table = front.proxied.routes.table
        (tmp_path / "routes.yaml").write_text(routes_to(origin, "ca_file: /nowhere.pem"))
        before = watcher.generation
        watcher.reload()
        await until(lambda: watcher.generation > before)
        assert front.proxied.routes.table is table
        assert await status(front) == 200

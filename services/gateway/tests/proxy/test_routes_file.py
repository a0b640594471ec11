"""A routes file is right or refused in sentences; a change is soon in force and loses no request."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path

import pytest

from gateway.policy import Access, OnStale
from gateway.proxy.__main__ import schema
from gateway.proxy.loading import RoutesInvalid, load
from gateway.proxy.request import Outgoing
from gateway.proxy.rules import Retries
from gateway.testing import until
from gateway.testing.front import Front
from gateway.testing.origin import Origin, ok, one_route, raw, serving

Start = Callable[..., Awaitable[Front]]

_PREFIX = "routes[0].prefix: is no plain prefix such as /orders."
_UP = b'upstreams: {u: {targets: ["http://u:80"]}}\n'


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (b"a: 1\na: 2\n", ["Line 2, column 1: a is there twice."]),
        (b"a: &x [1]\nb: *x\n", ["Line 2, column 4: aliases are not taken."]),
        (b"a: [\n", ["Line 2, column 1: expected the node content, but found '<stream end>'."]),
        (b"routes: 5\n", ["routes: input should be a valid array."]),
        (b"nope: 5\n", ["nope: there is no such setting."]),
        (b"\xff\xfe\x00", ["The file has a key or value that is neither text, number nor list."]),
        (b"routes: [{name: A, prefix: /a}]\n", [r"routes[0].name: string should match pattern"]),
        (b"routes: [{name: a, prefix: a}]\n", [_PREFIX]),
        (b"routes: [{name: a, prefix: /a/}]\n", [_PREFIX]),
        (b"routes: [{name: a, prefix: /a/../b}]\n", [_PREFIX]),
        (b"routes: [{name: a, prefix: /a, upstream: u}]\n", ["routes[0].upstream: there is no u in"]),
        (b"routes: [{name: a, prefix: /a, methods: [GTE]}]\n", ["routes[0].methods[0]: is none of "]),
        (b"routes: [{name: a, prefix: /a, methods: []}]\n", ["routes[0]: has no methods."]),
        (b"routes: [{name: a, prefix: /a, limits: [5/eon]}]\n", ["routes[0].limits[0]: '5/eon' is not a"]),
        (b"routes: [{name: a, prefix: /a, timeout_seconds: 0}]\n", ["routes[0].timeout_seconds: "]),
        (b"routes: [{name: a, prefix: /a, timeout_seconds: '5'}]\n", ["routes[0].timeout_seconds: "]),
        (
            b"routes: [{name: a, prefix: /a, auth: {access: public, roles: [admin]}}]\n",
            ["routes[0]: asks for roles or scopes of whoever asks; make auth.access bearer."],
        ),
        (
            _UP + b"routes: [{name: a, prefix: /a, upstream: u, identity: signed}]\n",
            ["routes[0].identity: signing needs the setting IDENTITY_SECRET."],
        ),
        (
            _UP + b"routes: [{name: a, prefix: /login, upstream: u}]\n",
            ["routes[0].prefix: /login is a route of the gateway itself."],
        ),
        (
            b"routes: [{name: a, prefix: /a}, {name: a, prefix: /a}, {name: b, prefix: /a}]\n",
            ["routes[1].name: a is the name of another route.", "routes[2].methods: GET /a is taken by a."],
        ),
        (
            b"routes: [{name: a, prefix: /a, request_headers: {set: {X-Auth-Role: admin}}}]\n",
            ["routes[0]: sets a request header that is the gateway's own to write."],
        ),
        (
            b'routes: [{name: a, prefix: /a, response_headers: {set: {x: "a\\r\\nb"}}}]\n',
            ["routes[0].response_headers.set.x: is no value of a header."],
        ),
        (b"upstreams: {u: {}}\n", ["upstreams.u: needs either targets or dns."]),
        (b'upstreams: {u: {targets: ["ftp://x"]}}\n', ["upstreams.u.targets[0]: is no URL such as"]),
        (b'upstreams: {u: {targets: ["http://a:b@x"]}}\n', ["upstreams.u.targets[0]: is no URL such as"]),
        (b'upstreams: {u: {targets: ["http://x:99999"]}}\n', ["upstreams.u.targets[0]: is no URL such as"]),
        (b'upstreams: {u: {targets: ["http://x/y"]}}\n', ["upstreams.u.targets[0]: has a path; say it in"]),
    ],
)  # fmt: skip
def test_every_fault_is_one_sentence_with_its_path(text: bytes, faults: list[str]):
    with pytest.raises(RoutesInvalid) as refused:
        load(text, can_sign=False, reserved={"/login"})
    assert len(refused.value.faults) == len(faults)
    for told, expected in zip(refused.value.faults, faults, strict=True):
        assert told.startswith(expected)
        assert told.endswith(".")


def test_a_route_that_says_nothing_needs_a_token():
    document = load(_UP + b"routes: [{name: a, prefix: /a, upstream: u}]", can_sign=False)
    assert document.routes[0].auth.access is Access.BEARER


def test_a_bound_on_revocations_refuses_unless_told_otherwise():
    document = load(b"routes: [{name: a, prefix: /a, revocations: {max_age_seconds: 5}}]", can_sign=False)
    assert document.routes[0].revocations is not None
    assert document.routes[0].revocations.when_older is OnStale.DENY


def test_the_shipped_schema_is_the_models():
    shipped = files("gateway.proxy").joinpath("routes.schema.json").read_text()
    assert shipped == schema(), "run: python -m gateway.proxy schema > .../proxy/routes.schema.json"
    assert json.loads(shipped)["properties"].keys() == {"upstreams", "routes"}


def test_a_file_can_be_checked_before_it_is_shipped(tmp_path: Path):
    def check(text: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "routes.yaml"
        path.write_text(text)
        command = [sys.executable, "-m", "gateway.proxy", "check", str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    good = check("routes: [{name: a, prefix: /a}]")
    assert (good.returncode, good.stdout) == (0, f"{tmp_path}/routes.yaml: 1 routes, 0 upstreams.\n")
    bad = check("routes: [{name: a}]")
    assert (bad.returncode, bad.stderr) == (1, f"{tmp_path}/routes.yaml: routes[0].prefix: field required.\n")


async def test_a_wrong_file_at_the_start_ends_the_process(start: Start, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        await start("routes: [{name: a}]")
    assert ended.value.code == 78
    assert "routes[0].prefix: field required." in capsys.readouterr().err


async def test_a_change_is_in_force_and_a_wrong_one_is_not(start: Start, origin: Origin, tmp_path: Path):
    front = await start(one_route(origin))
    path = tmp_path / "routes.yaml"

    async def status(url: str) -> int:
        async with front.session.get(front.url + url) as answer:
            return answer.status

    assert (await status("/o"), await status("/p")) == (200, 404)
    path.write_text(one_route(origin).replace("prefix: /o", "prefix: /p"))
    await until(lambda: front.proxied.routes.match("GET", "/p"))
    assert (await status("/o"), await status("/p")) == (404, 200)

    table = front.proxied.routes.table
    path.write_text("routes: [")
    os.kill(os.getpid(), signal.SIGHUP)
    watcher = front.proxied.watcher
    assert watcher is not None
    before = watcher.generation
    await until(lambda: watcher.generation > before)
    assert front.proxied.routes.table is table
    assert await status("/p") == 200

    path.unlink()
    before = watcher.generation
    await until(lambda: watcher.generation > before)
    assert await status("/p") == 200


async def test_an_upstream_that_stays_keeps_its_state(start: Start, origin: Origin, tmp_path: Path):
    front = await start(one_route(origin))
    async with front.session.get(front.url + "/o"):
        pass
    upstream = front.proxied.routes.upstreams["o"][1]
    (tmp_path / "routes.yaml").write_text(one_route(origin, "timeout_seconds: 3"))
    table = front.proxied.routes.table
    await until(lambda: front.proxied.routes.table is not table)

    assert front.proxied.routes.upstreams["o"][1] is upstream
    async with front.session.get(front.url + "/o"):
        pass
    assert origin.connections == 1


async def test_reloading_under_load_loses_no_request(start: Start, origin: Origin, tmp_path: Path):
    front = await start(one_route(origin))
    path = tmp_path / "routes.yaml"
    done = asyncio.Event()
    answers: list[tuple[int, bytes]] = []

    async def client() -> None:
        while not done.is_set():
            async with front.session.get(front.url + "/o") as answer:
                answers.append((answer.status, await answer.read()))

    async with serving(Origin()) as other:
        origin.reply = raw(ok(b"fine"))
        other.reply = raw(ok(b"fine"))
        clients = [asyncio.create_task(client()) for _ in range(8)]
        for turn in range(6):
            table = front.proxied.routes.table
            path.write_text(one_route(other if turn % 2 == 0 else origin))
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda table=table: front.proxied.routes.table is not table)  # type: ignore[misc]
            seen = len(answers)
            await until(lambda seen=seen: len(answers) > seen + 40)  # type: ignore[misc]
        done.set()
        await asyncio.gather(*clients)
        assert other.seen
    assert set(answers) == {(200, b"fine")}


async def test_who_found_an_upstream_before_it_was_reloaded_away_is_served(start: Start, origin: Origin):
    front = await start(one_route(origin))
    origin.reply = raw(ok(b"fine"))
    upstream = front.proxied.routes.match("GET", "/o").upstream  # type: ignore[union-attr]
    assert upstream is not None
    upstream.close()

    request = Outgoing(method="GET", before_host=b"GET / HTTP/1.1\r\nHost: ", after_host=b"\r\n\r\n")
    lease = await upstream.open(request, Retries(), timeout=5)
    assert lease.connection.answer.whole() == b"fine"
    await lease.release()
    assert lease.connection.closed


def test_the_documented_example_is_a_routes_file():
    text = (Path(__file__).parents[4] / "docs" / "routes.md").read_text()
    example = text.partition("```yaml\n")[2].partition("```")[0]
    document = load(example.encode(), can_sign=True)
    assert [route.name for route in document.routes] == ["orders", "news", "live", "reports"]

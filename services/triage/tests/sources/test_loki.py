"""Loki page by page: nothing twice, nothing lost, everything bounded, against a real socket."""

import json
from typing import Any

import pytest
from aiohttp import web

from triage.sources.failures import SourceUnavailable
from triage.sources.loki import LokiQuery, LokiSource
from triage.sources.source import Mark, Piece


class Loki:
    """Entries of (time, stream, line), served as Loki pages them."""

    def __init__(self, entries: list[tuple[int, str, str]]) -> None:
        self.entries = sorted(entries)
        self.requests: list[web.Request] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        asked = request.query
        found = [entry for entry in self.entries if int(asked["start"]) <= entry[0] < int(asked["end"])]
        streams: dict[str, list[list[str]]] = {}
        for at, stream, line in found[: int(asked["limit"])]:
            streams.setdefault(stream, []).append([str(at), line])
        return page([{"stream": {"pod": pod}, "values": values} for pod, values in streams.items()])


def page(result: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"status": "success", "data": {"resultType": "streams", "result": result}})


def query(url: str, **more: Any) -> LokiSource:
    # Long enough ago that every test's times lie within.
    return LokiSource(LokiQuery(url, '{app="shop"}', since_seconds=60 * 365 * 86_400, **more))


async def read(source: LokiSource, max_bytes: int = 1 << 30) -> list[Piece]:
    return [piece async for piece in source.read(max_bytes)]


def lines(pieces: list[Piece]) -> list[str]:
    return b"".join(piece for piece in pieces if isinstance(piece, bytes)).decode().splitlines()


async def test_many_pages_give_every_line_once_and_in_order(serve: Any) -> None:
    # Pages end in the middle of entries of one time.
    loki = Loki([(1000 + i // 3, "a", f"line {i:05d}") for i in range(7001)])
    pieces = await read(query(await serve(loki)))

    assert lines(pieces) == [f"line {i:05d}" for i in range(7001)]
    assert Mark.CUT not in pieces
    assert len(loki.requests) == 4


async def test_the_lines_of_one_pod_stay_together_within_a_page(serve: Any) -> None:
    loki = Loki([(1000 + i, "ab"[i % 2], f"{'ab'[i % 2]} {i}") for i in range(10)])

    found = lines(await read(query(await serve(loki))))

    assert [line[0] for line in found] == ["a"] * 5 + ["b"] * 5


async def test_more_of_one_instant_than_a_page_holds_is_told(serve: Any) -> None:
    loki = Loki([*((1000, "a", f"same {i:04d}") for i in range(5000)), (2000, "a", "later")])

    pieces = await read(query(await serve(loki)))

    assert Mark.CUT in pieces
    assert lines(pieces)[-1] == "later"


async def test_the_bound_on_bytes_holds_and_is_told(serve: Any) -> None:
    loki = Loki([(1000 + i, "a", "x" * 1000) for i in range(5000)])

    pieces = await read(query(await serve(loki)), max_bytes=300_000)

    assert pieces[-1] is Mark.CUT
    assert sum(len(piece) for piece in pieces if isinstance(piece, bytes)) <= 300_000


async def test_tenant_and_token_go_along(serve: Any) -> None:
    loki = Loki([])
    await read(query(await serve(loki), tenant="team-a", token="t0ken"))

    assert loki.requests[0].headers["X-Scope-OrgID"] == "team-a"
    assert loki.requests[0].headers["Authorization"] == "Bearer t0ken"
    assert loki.requests[0].query["query"] == '{app="shop"}'


async def drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def test_a_redirect_is_not_followed_since_nobody_configured_where_it_leads(serve: Any) -> None:
    elsewhere = Loki([(1000, "a", "a stranger's line")])
    url = await serve(elsewhere)

    async def redirects(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"location": f"{url}{request.rel_url}"})

    with pytest.raises(SourceUnavailable):
        await read(query(await serve(redirects), token="t0ken"))
    assert elsewhere.requests == []


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        while True:
            await response.write(b" " * 1_000_000)
    except ConnectionError:
        return response


def always(body: str, status: int = 200) -> Any:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(text=body, status=status)

    return handler


@pytest.mark.parametrize(
    "handler",
    [
        always("<html>", 200),
        always("{}", 200),
        always(json.dumps({"data": {"result": [{"stream": {}, "values": [["not a time", "x"]]}]}})),
        always("boom", 500),
        always("no", 401),
        drop,
        endless,
    ],
)
async def test_a_loki_that_misbehaves_is_unavailable_and_told_in_one_sentence(
    serve: Any, handler: Any
) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        await read(query(await serve(handler)))
    assert caught.value.detail.startswith("Loki ")


async def test_a_loki_that_breaks_off_leaves_what_was_read(serve: Any) -> None:
    loki = Loki([(1000 + i, "a", f"line {i}") for i in range(3000)])

    async def breaks(request: web.Request) -> web.StreamResponse:
        return await loki(request) if not loki.requests else await drop(request)

    pieces = await read(query(await serve(breaks)))

    assert len(lines(pieces)) == 2000
    assert pieces[-1] is Mark.CUT

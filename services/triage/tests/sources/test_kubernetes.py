"""Pod logs by the API: the right calls and no others, each log bounded, every gap told."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from triage.sources.failures import InvalidSource, SourceUnavailable
from triage.sources.kubernetes import KubernetesQuery, KubernetesSource
from triage.sources.source import Mark, Piece


class Cluster:
    """Pods and their containers' logs; `logs` by (pod, container, previous)."""

    def __init__(self, logs: dict[tuple[str, str, bool], bytes | int], *, more: int = 0) -> None:
        self.logs = logs
        self.more = more
        self.requests: list[web.Request] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        parts = request.path.split("/")
        if parts[-1] == "pods":
            return web.json_response(self._pods())
        if parts[-1] != "log":
            return web.Response(status=404)
        log = self.logs.get((parts[-2], request.query["container"], request.query["previous"] == "true"), 404)
        return web.Response(status=log) if isinstance(log, int) else web.Response(body=log)

    def _pods(self) -> dict[str, Any]:
        pods: dict[str, dict[str, int]] = {}
        for pod, container, previous in self.logs:
            known = pods.setdefault(pod, {})
            known[container] = max(known.get(container, 0), int(previous))
        return {
            "metadata": {"remainingItemCount": self.more},
            "items": [
                {
                    "metadata": {"name": name},
                    "status": {
                        "containerStatuses": [
                            {"name": one, "restartCount": n} for one, n in containers.items()
                        ]
                    },
                }
                for name, containers in pods.items()
            ],
        }


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("service-account-token\n")
    (tmp_path / "namespace").write_text("shop")
    return tmp_path


def source(url: str | None, credentials: Path, *, previous: bool = True) -> KubernetesSource:
    return KubernetesSource(
        KubernetesQuery(
            namespace=None,
            selector="app=orders",
            previous=previous,
            since_seconds=600,
            api_url=url,
            credentials=credentials,
        )
    )


async def read(found: KubernetesSource, max_bytes: int = 1 << 30) -> list[Piece]:
    return [piece async for piece in found.read(max_bytes)]


async def test_every_container_is_read_the_previous_one_before_its_successor(
    serve: Any, credentials: Path
) -> None:
    cluster = Cluster(
        {("a", "app", True): b"crashed\n", ("a", "app", False): b"back\n", ("b", "app", False): b"b\n"}
    )

    pieces = await read(source(await serve(cluster), credentials))

    assert pieces == [Mark.BOUNDARY, b"crashed\n", Mark.BOUNDARY, b"back\n", Mark.BOUNDARY, b"b\n"]


async def test_nothing_but_list_pods_and_get_logs_is_asked_of_one_namespace(
    serve: Any, credentials: Path
) -> None:
    cluster = Cluster({("a", "app", False): b"x\n"})
    await read(source(await serve(cluster), credentials))

    assert [(request.method, request.path) for request in cluster.requests] == [
        ("GET", "/api/v1/namespaces/shop/pods"),
        ("GET", "/api/v1/namespaces/shop/pods/a/log"),
    ]
    assert {request.headers["Authorization"] for request in cluster.requests} == {
        "Bearer service-account-token"
    }
    assert cluster.requests[0].query["labelSelector"] == "app=orders"
    assert cluster.requests[1].query["sinceSeconds"] == "600"


async def test_the_previous_container_is_left_alone_where_settings_say_so(
    serve: Any, credentials: Path
) -> None:
    cluster = Cluster({("a", "app", True): b"crashed\n", ("a", "app", False): b"back\n"})

    assert await read(source(await serve(cluster), credentials, previous=False)) == [Mark.BOUNDARY, b"back\n"]


async def test_each_log_has_its_share_so_that_one_cannot_silence_the_others(
    serve: Any, credentials: Path
) -> None:
    loud, quiet = b"x" * 99 + b"\n", b"quiet\n"
    cluster = Cluster({("a", "app", False): loud * 50_000, ("b", "app", False): quiet})

    pieces = await read(source(await serve(cluster), credentials), max_bytes=1_000_000)

    assert Mark.CUT in pieces
    assert pieces[-1] == quiet
    assert sum(len(piece) for piece in pieces if isinstance(piece, bytes)) <= 1_000_000


async def test_pods_past_the_bound_are_told(serve: Any, credentials: Path) -> None:
    cluster = Cluster({("a", "app", False): b"x\n"}, more=7)
    assert (await read(source(await serve(cluster), credentials)))[0] is Mark.CUT


@pytest.mark.parametrize("status", [400, 403, 404, 500])
async def test_a_log_that_cannot_be_had_is_a_gap_and_the_others_are_read(
    serve: Any, credentials: Path, status: int
) -> None:
    cluster = Cluster({("a", "app", False): status, ("b", "app", False): b"b\n"})

    assert await read(source(await serve(cluster), credentials)) == [Mark.CUT, Mark.BOUNDARY, b"b\n"]


async def test_where_no_log_can_be_had_the_source_is_unavailable(serve: Any, credentials: Path) -> None:
    cluster = Cluster({("a", "app", False): 403, ("b", "app", False): 403})
    with pytest.raises(SourceUnavailable):
        await read(source(await serve(cluster), credentials))


async def test_a_log_that_breaks_off_is_a_gap(serve: Any, credentials: Path) -> None:
    cluster = Cluster({("a", "app", False): b"x\n", ("b", "app", False): b"b\n"})

    async def breaks(request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/a/log"):
            return await cluster(request)
        response = web.StreamResponse(headers={"content-length": "1000"})
        await response.prepare(request)
        await response.write(b"half\n")
        assert request.transport is not None
        request.transport.close()
        return response

    pieces = await read(source(await serve(breaks), credentials))

    assert pieces == [Mark.BOUNDARY, b"half\n", Mark.CUT, Mark.BOUNDARY, b"b\n"]


async def answer(request: web.Request, status: int, body: str) -> web.StreamResponse:
    return web.Response(status=status, text=body)


@pytest.mark.parametrize(
    ("status", "body"), [(403, "{}"), (500, ""), (200, "<html>"), (200, "[]"), (301, "")]
)
async def test_an_api_that_refuses_or_talks_nonsense_is_unavailable(
    serve: Any, credentials: Path, status: int, body: str
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await answer(request, status, body)

    with pytest.raises(SourceUnavailable) as caught:
        await read(source(await serve(handler), credentials))
    assert "service-account-token" not in caught.value.detail


async def test_outside_a_cluster_the_missing_settings_are_named(
    credentials: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(InvalidSource, match="TRIAGE_KUBERNETES_API_URL"):
        await read(source(None, credentials))
    with pytest.raises(InvalidSource, match="TRIAGE_KUBERNETES_NAMESPACE"):
        await read(source("http://127.0.0.1:1", tmp_path / "nowhere"))

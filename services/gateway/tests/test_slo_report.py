"""The report: targets always, figures where Prometheus has them."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from gateway.testing.stand_in import StandIn
from gateway.testing.whole import GatewayFactory

Answers = Callable[[str], web.Response]


@pytest.fixture
async def stored() -> AsyncIterator[dict[str, Any]]:
    """A server that answers queries by a word in them; its address is under `url`."""
    known: dict[str, Any] = {}

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        query = request.query["query"]
        for word, result in known.items():
            if word in query and word != "url":
                return web.json_response({"data": {"result": result}})
        return web.json_response({"data": {"result": []}})

    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    known["url"] = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield known
    await runner.cleanup()


def figure(value: str, **labels: str) -> list[dict[str, Any]]:
    return [{"metric": labels, "value": [0, value]}]


async def report(start: GatewayFactory, auth: StandIn, url: str) -> Any:
    gateway = await start(PROMETHEUS_BASE_URL=url)
    answer = await gateway.ask("GET", "/slo/report", token=auth.signer.token("admin"))
    assert answer.status == 200
    return answer.json()


async def test_it_tells_what_was_recorded(
    start: GatewayFactory, auth: StandIn, stored: dict[str, Any]
) -> None:
    sign_in = {"slo": "sign_in", "sli": "availability"}
    stored["(1 - max"] = figure("0.9995")
    stored["histogram_quantile"] = figure("0.7")
    stored["by (slo, sli) (slo:objective"] = figure("0.999", **sign_in)
    stored["by (slo, sli) (slo:error:ratio"] = figure("0.25", **sign_in)
    stored["by (slo, sli) (slo:error_budget"] = figure("-3", **sign_in)

    told = await report(start, auth, stored["url"])

    assert told["success_ratio"] == {"target": 0.999, "actual": 0.9995, "met": True}
    assert told["p99_latency_seconds"] == {"target": 0.5, "actual": 0.7, "met": False}
    assert told["objectives"] == [{**sign_in, "target": 0.999, "actual": 0.75, "budget_remaining": -3.0}]
    assert told["source"] == "prometheus"


@pytest.mark.parametrize("result", [[], figure("NaN"), [{"metric": None}], "nonsense"], ids=str)
async def test_without_a_figure_the_targets_are_told_alone(
    result: Any, start: GatewayFactory, auth: StandIn, stored: dict[str, Any]
) -> None:
    stored[""] = result

    told = await report(start, auth, stored["url"])

    assert told["source"] == "unavailable"
    assert told["success_ratio"] == {"target": 0.999, "actual": None, "met": None}
    assert told["objectives"] == []


async def test_a_prometheus_that_is_gone_is_told_as_such(start: GatewayFactory, auth: StandIn) -> None:
    told = await report(start, auth, "http://127.0.0.1:1")

    assert told["source"] == "unavailable"

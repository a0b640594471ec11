"""The promised figures beside the live ones."""

import asyncio
import math
from typing import Literal

import aiohttp
from fastapi import APIRouter, Response

from gateway.routes.context import Context, never_stored, problems
from gateway.shapes.strict import Told

_SECONDS = 3.0
_WINDOW = "1h"
_SUCCESS = (
    'sum(rate(http_server_request_duration_seconds_count{{http_response_status_code!~"5.."}}[{window}]))'
    " / sum(rate(http_server_request_duration_seconds_count[{window}]))"
)
_P99 = "histogram_quantile(0.99, sum by (le) (rate(http_server_request_duration_seconds_bucket[{window}])))"


class Figure(Told):
    target: float
    actual: float | None
    met: bool | None


class SloReport(Told):
    window: str
    source: Literal["prometheus", "unavailable"]
    success_ratio: Figure
    p99_latency_seconds: Figure


def slo_routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["Oversight"])
    settings = context.settings

    @router.get("/slo/report", operation_id="slo_report", responses=problems(401, 403, 429))
    async def slo_report(response: Response) -> SloReport:
        """The targets, and how it went over the last hour as Prometheus saw it."""
        never_stored(response)
        base = settings.prometheus_base_url
        ratio = latency = None
        if base is not None:
            ratio, latency = await asyncio.gather(
                _asked(base, _SUCCESS.format(window=_WINDOW)), _asked(base, _P99.format(window=_WINDOW))
            )
        wanted_ratio, wanted_latency = (
            settings.slo_target_success_ratio,
            settings.slo_target_p99_latency_seconds,
        )
        return SloReport(
            window=_WINDOW,
            source="unavailable" if ratio is None and latency is None else "prometheus",
            success_ratio=Figure(
                target=wanted_ratio, actual=ratio, met=None if ratio is None else ratio >= wanted_ratio
            ),
            p99_latency_seconds=Figure(
                target=wanted_latency,
                actual=latency,
                met=None if latency is None else latency <= wanted_latency,
            ),
        )

    return router


async def _asked(base: str, query: str) -> float | None:
    """One figure; None where Prometheus has none or cannot be asked."""
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{base.rstrip('/')}/api/v1/query", params={"query": query}) as answer,
        ):
            document = await answer.json()
        value = float(document["data"]["result"][0]["value"][1])
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, IndexError, TypeError):
        return None
    return value if math.isfinite(value) else None

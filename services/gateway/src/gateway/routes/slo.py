"""The promised figures beside the live ones, as the recording rules of the chart tell them."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Response

from gateway.routes.context import Context, never_stored, problems
from gateway.shapes.strict import Told
from gateway.upstreams.prometheus import Figures, ask

_WINDOW = "1h"
_COUNT = "http_server_request_duration_seconds"
_RULE = '{slo="verified",sli="availability"}'
# Where the rules are not loaded the same figures are made of what was counted.
_SUCCESS = (
    f"(1 - max(slo:error:ratio_rate1h{_RULE})) or "
    f'(sum(rate({_COUNT}_count{{http_response_status_code!~"5.."}}[{_WINDOW}]))'
    f" / sum(rate({_COUNT}_count[{_WINDOW}])))"
)
_P99 = (
    'max(avg_over_time(slo:latency:p99_5m{slo="verified"}[1h])) or '
    f"histogram_quantile(0.99, sum by (le) (rate({_COUNT}_bucket[{_WINDOW}])))"
)
_TARGETS = "max by (slo, sli) (slo:objective:ratio)"
_ERRORS = "max by (slo, sli) (slo:error:ratio_rate1h)"
_BUDGETS = "min by (slo, sli) (slo:error_budget:remaining)"


class Figure(Told):
    target: float
    actual: float | None
    met: bool | None


class Objective(Told):
    """One promise: which share of requests must be good, which was, and what is left of 30 days' errors."""

    slo: str
    sli: str
    target: float
    actual: float | None
    budget_remaining: float | None


class SloReport(Told):
    window: str
    source: Literal["prometheus", "unavailable"]
    success_ratio: Figure
    p99_latency_seconds: Figure
    objectives: list[Objective]


def slo_routes(context: Context) -> APIRouter:
    router = APIRouter(tags=["Oversight"])
    settings = context.settings

    @router.get("/slo/report", operation_id="slo_report", responses=problems(401, 403, 429))
    async def slo_report(response: Response) -> SloReport:
        """The targets, and how it went over the last hour as Prometheus saw it."""
        never_stored(response)
        base = settings.prometheus_base_url
        queries = (_SUCCESS, _P99, _TARGETS, _ERRORS, _BUDGETS)
        told: list[Figures] = [{} for _ in queries]
        if base is not None:
            told = list(await asyncio.gather(*(ask(base, query) for query in queries)))
        success, latency, targets, errors, budgets = told
        ratio, seconds = success.get(("", "")), latency.get(("", ""))
        wanted_ratio, wanted_seconds = (
            settings.slo_target_success_ratio,
            settings.slo_target_p99_latency_seconds,
        )
        return SloReport(
            window=_WINDOW,
            source="prometheus" if any(told) else "unavailable",
            success_ratio=Figure(
                target=wanted_ratio, actual=ratio, met=None if ratio is None else ratio >= wanted_ratio
            ),
            p99_latency_seconds=Figure(
                target=wanted_seconds,
                actual=seconds,
                met=None if seconds is None else seconds <= wanted_seconds,
            ),
            objectives=[
                Objective(
                    slo=slo,
                    sli=sli,
                    target=target,
                    actual=None if (bad := errors.get((slo, sli))) is None else 1 - bad,
                    budget_remaining=budgets.get((slo, sli)),
                )
                for (slo, sli), target in sorted(targets.items())
            ],
        )

    return router

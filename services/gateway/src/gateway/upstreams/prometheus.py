"""Figures from Prometheus, by objective; none where it has none or cannot be asked."""

import math
from typing import Any

import aiohttp

Figures = dict[tuple[str, str], float]
"""By the labels `slo` and `sli`, each empty where there is none."""

_SECONDS = 3.0


async def ask(base: str, query: str) -> Figures:
    """What a query answers now."""
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{base.rstrip('/')}/api/v1/query", params={"query": query}) as answer,
        ):
            document = await answer.json()
        found = [_figure(each) for each in document["data"]["result"]]
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return {}
    return {labels: value for labels, value in found if math.isfinite(value)}


def _figure(told: dict[str, Any]) -> tuple[tuple[str, str], float]:
    labels = told["metric"]
    return (str(labels.get("slo", "")), str(labels.get("sli", ""))), float(told["value"][1])

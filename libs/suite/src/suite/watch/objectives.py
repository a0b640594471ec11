"""What the suite promises to those who use it, and the recording rules that tell how it is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

REQUESTS: Final = "http_server_request_duration_seconds"
WINDOWS: Final = ("30m", "1h", "2h", "6h", "1d", "3d", "30d")

Rule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Objective:
    """One group of routes.

    Attributes:
        name: its `slo` label.
        title: for people.
        routes: a matcher of Prometheus.
        answered: the share of requests that must not end in a fault of ours (5xx).
        within: the bound of time that is promised, a bucket of the histogram.
        fast: the share of requests that must be answered within it.
        least: requests an hour below which nobody is woken: too few to mean anything.
        pages: whether anybody is woken at all.
    """

    name: str
    title: str
    routes: str
    answered: float
    within: str
    fast: float
    least: int
    pages: bool = True

    @property
    def target(self) -> dict[str, float]:
        return {"availability": self.answered, "latency": self.fast}


_TRIAGE: Final = "triage|preview_triage|summarize_errors"
# Not traffic: probes for people, what nobody serves, and routes made to fail.
_ASIDE: Final = "health|ready|unmatched|simulate_failure|force_error|slow"
OBJECTIVES: Final = (
    Objective("sign_in", "Sign-in", 'http_route="login"', 0.999, "1.0", 0.99, least=20),
    Objective(
        "verified",
        "Verified traffic",
        f'http_route!~"login|get_summary|{_TRIAGE}|{_ASIDE}"',
        0.999,
        "0.5",
        0.99,
        least=100,
    ),
    Objective("triage", "Triage", f'http_route=~"{_TRIAGE}"', 0.99, "10.0", 0.95, least=5, pages=False),
)


def at_most(bound: str) -> str:
    """The matcher of a bucket: a whole one is `1.0` where Prometheus scraped, `1` where it was pushed to."""
    whole = bound.removesuffix(".0")
    return f'le="{bound}"' if whole == bound else f'le=~"{whole}|{whole}[.]0"'


def recording() -> Iterator[Rule]:
    for objective in OBJECTIVES:
        yield from _of(objective)


def _of(objective: Objective) -> Iterator[Rule]:
    slo = {"slo": objective.name}
    every = _rate("count", objective.routes)
    yield _record("slo:requests:rate5m", every, slo)
    faults = _rate("count", f'{objective.routes},http_response_status_code=~"5.."')
    in_time = _rate("bucket", f"{objective.routes},{at_most(objective.within)}")
    # A fault that never happened has no series: then there were none of all that came.
    bad = {
        "availability": f"{faults} or 0 * {every}",
        "latency": f"{every} - {in_time}",
    }
    for sli, expression in bad.items():
        labels = slo | {"sli": sli}
        yield _record("slo:objective:ratio", f"vector({objective.target[sli]})", labels)
        yield _record("slo:errors:rate5m", expression, labels)
        yield _record("slo:error:ratio_rate5m", _ratio(labels, "{}"), labels)
        for window in WINDOWS:
            averaged = _ratio(labels, f"avg_over_time({{}}[{window}])")
            yield _record(f"slo:error:ratio_rate{window}", averaged, labels)
        budget = 1 - objective.target[sli]
        left = f'1 - slo:error:ratio_rate30d{{slo="{objective.name}",sli="{sli}"}} / {budget:.4g}'
        yield _record("slo:error_budget:remaining", left, labels)
    yield _record(
        "slo:latency:p99_5m",
        "histogram_quantile(0.99, "
        f"sum by (namespace, le) (rate({REQUESTS}_bucket{{{objective.routes}}}[5m])))",
        slo,
    )


def _rate(part: str, routes: str) -> str:
    return f"sum by (namespace) (rate({REQUESTS}_{part}{{{routes}}}[5m]))"


def _ratio(labels: dict[str, str], over: str) -> str:
    """Bad requests among all; nothing where there were none at all."""
    slo = labels["slo"]
    bad = over.format(f'slo:errors:rate5m{{slo="{slo}",sli="{labels["sli"]}"}}')
    every = over.format(f'slo:requests:rate5m{{slo="{slo}"}}')
    return f"sum by (namespace) ({bad}) / (sum by (namespace) ({every}) > 0)"


def _record(name: str, expression: str, labels: dict[str, str]) -> Rule:
    return {"record": name, "expr": expression, "labels": labels}

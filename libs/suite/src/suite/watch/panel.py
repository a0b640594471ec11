"""Panels and dashboards, as Grafana's JSON wants them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

WIDTH: Final = 24
_HEIGHT: Final = 8
_SCHEMA: Final = 41
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
ONE: Final = 'namespace=~"$namespace"'
POD: Final = f'{ONE},pod=~"$pod"'
RATE: Final = "$__rate_interval"

Unit = Literal["s", "percentunit", "reqps", "ops", "short", "bytes", "Bps", "currencyUSD", "bool"]


@dataclass(frozen=True, slots=True)
class Query:
    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure or graph.

    Attributes:
        title: what it shows.
        description: what it means, and what to think when it looks odd.
        queries: PromQL with Grafana's variables.
        unit: Grafana's.
        kind: a graph over time or the latest figure.
        fault: shows only faults, so it is empty while there are none.
        width: of 24.
        top: of the axis, where the figure has an end.
    """

    title: str
    description: str
    queries: tuple[Query, ...]
    unit: Unit = "short"
    kind: Literal["timeseries", "stat"] = "timeseries"
    fault: bool = False
    width: int = 8
    top: float | None = None

    def json(self, number: int, x: int, y: int) -> dict[str, Any]:
        defaults: dict[str, Any] = {"unit": self.unit, "min": 0}
        if self.top is not None:
            defaults["max"] = self.top
        if self.fault:
            defaults["noValue"] = "none"
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": _SOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": _HEIGHT},
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": {"legend": {"displayMode": "list"}} if self.kind == "timeseries" else {},
            "targets": [
                {
                    "refId": chr(ord("A") + i),
                    "datasource": _SOURCE,
                    "expr": query.expression,
                    "legendFormat": query.legend or "__auto",
                    # Points that lead to a trace, where Prometheus keeps them.
                    "exemplar": "histogram_quantile" in query.expression,
                }
                for i, query in enumerate(self.queries)
            ],
        }


@dataclass(frozen=True, slots=True)
class Board:
    uid: str
    title: str
    description: str
    panels: Sequence[Panel]
    route: bool = False
    """Whether it can be narrowed to a route."""

    def json(self) -> dict[str, Any]:
        return {
            "uid": f"reliability-{self.uid}",
            "title": f"Reliability / {self.title}",
            "description": self.description,
            "tags": ["api-reliability-suite"],
            "schemaVersion": _SCHEMA,
            "editable": False,
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "timezone": "",
            "graphTooltip": 1,
            "templating": {"list": list(self._variables())},
            "links": [
                {
                    "type": "dashboards",
                    "tags": ["api-reliability-suite"],
                    "title": "The others",
                    "asDropdown": True,
                    "includeVars": True,
                    "keepTime": True,
                }
            ],
            "panels": list(self._placed()),
        }

    def _variables(self) -> Iterable[dict[str, Any]]:
        yield {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
        yield _variable("namespace", "Namespace", "label_values(service_needs, namespace)")
        yield _variable("pod", "Replica", f"label_values(service_needs{{{ONE}}}, pod)")
        if self.route:
            known = f"label_values(http_server_request_duration_seconds_count{{{ONE}}}, http_route)"
            yield _variable("route", "Route", known)

    def _placed(self) -> Iterable[dict[str, Any]]:
        x = y = 0
        for number, panel in enumerate(self.panels, 1):
            if x + panel.width > WIDTH:
                x, y = 0, y + _HEIGHT
            yield panel.json(number, x, y)
            x += panel.width


def _variable(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": _SOURCE,
        "definition": query,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"text": ["All"], "value": ["$__all"]},
        "sort": 1,
    }


def per_second(series: str, by: str = "", labels: str = POD) -> str:
    """How many a second; with `by`, for each of its values."""
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (rate({series}{{{labels}}}[{RATE}]))"


def percentile(share: float, series: str, by: str = "", labels: str = POD) -> str:
    grouped = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({grouped}) (rate({series}_bucket{{{labels}}}[{RATE}])))"

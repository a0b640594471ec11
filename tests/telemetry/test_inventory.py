"""The list of metrics is the code's, queries ask for listed ones, files are what they are made of."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from suite.places import ROOT
from suite.watch.__main__ import written
from suite.watch.alerts import alerts
from suite.watch.boards import BOARDS
from suite.watch.inventory import METRICS, PROCESS
from suite.watch.objectives import recording

KINDS = {
    "create_counter": "counter",
    "create_observable_counter": "counter",
    "create_histogram": "histogram",
    "histogram": "histogram",
    "create_gauge": "gauge",
    "create_observable_gauge": "gauge",
    # What may fall again is a gauge to Prometheus.
    "create_observable_up_down_counter": "gauge",
}
# Where the unit stands, if it is not named: after the callbacks of an observable.
UNIT_AT = {
    "create_observable_counter": 2,
    "create_observable_gauge": 2,
    "create_observable_up_down_counter": 2,
}
# Words of PromQL, and names of labels inside `by (...)`, are no metrics; those end in nothing we know.
RECORDED = {str(rule["record"]) for rule in recording()}
LISTED = {series for metric in METRICS for series in metric.series} | PROCESS | RECORDED | {"ALERTS"}
QUERIES = [
    pytest.param(query.expression, id=f"{board.uid}: {panel.title}: {query.legend}")
    for board in BOARDS.values()
    for panel in board.panels
    for query in panel.queries
]
FAMILIES = (
    "http_",
    "rpc_",
    "service_",
    "tls_",
    "gateway_",
    "auth_",
    "triage_",
    "gen_ai_",
    "process_",
    "python_",
)


def made_in_code() -> set[tuple[str, str, str]]:
    found = set()
    for folder in ("services", "libs/chassis"):
        for file in (ROOT / folder).rglob("src/**/*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and (made := instrument(node)):
                    found.add(made)
    return found


def instrument(call: ast.Call) -> tuple[str, str, str] | None:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if function not in KINDS or not call.args or not isinstance(call.args[0], ast.Constant):
        return None
    named = {word.arg: word.value for word in call.keywords}
    at = UNIT_AT.get(function, 1)
    unit = named.get("unit") or (call.args[at] if len(call.args) > at else ast.Constant(""))
    assert isinstance(unit, ast.Constant)
    return str(call.args[0].value), KINDS[function], str(unit.value)


def metrics_in(expression: str) -> set[str]:
    """Names that are followed by no bracket of a function, outside of matchers and groupings."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    bare = re.sub(r"\b(by|on|group_left|ignoring|without) \([^)]*\)", "", bare)
    return {name for name in re.findall(r"[a-zA-Z_:][\w:]*", bare) if name.startswith((*FAMILIES, "slo:"))}


def test_the_inventory_lists_what_the_code_makes() -> None:
    assert {(metric.name, metric.kind, metric.unit) for metric in METRICS} == made_in_code()


def test_files_are_what_they_are_written_from() -> None:
    stale = [str(file) for file, text in written() if not file.is_file() or file.read_text("utf-8") != text]

    assert stale == []


@pytest.mark.parametrize("expression", QUERIES)
def test_a_panel_asks_for_metrics_there_are(expression: str) -> None:
    asked = metrics_in(expression)

    assert asked
    assert asked <= LISTED


@pytest.mark.parametrize(
    "rule", [*recording(), *alerts()], ids=lambda rule: str(rule.get("record") or rule["alert"])
)
def test_a_rule_asks_for_metrics_there_are(rule: dict[str, Any]) -> None:
    assert metrics_in(rule["expr"]) <= LISTED


def test_every_metric_is_looked_at_by_a_dashboard_or_an_alert() -> None:
    asked = {name for query in QUERIES for name in metrics_in(str(query.values[0]))}
    asked |= {name for rule in (*recording(), *alerts()) for name in metrics_in(rule["expr"])}

    assert [metric.name for metric in METRICS if not metric.series & asked] == []


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_every_panel_says_what_it_means(board: Any) -> None:
    said = {panel.title: panel.description for panel in board.panels}

    assert [title for title, text in said.items() if len(text) < 20 or not text.endswith(".")] == []
    names = [panel.title for panel in board.panels]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_a_board_can_be_narrowed(board: Any) -> None:
    told = board.json()
    variables = {variable["name"] for variable in told["templating"]["list"]}
    used = set(re.findall(r"\$(\w+)", json.dumps([panel["targets"] for panel in told["panels"]])))

    assert {"datasource", "namespace", "pod"} <= variables
    assert used - {"__rate_interval"} <= variables
    # They lie side by side, none on another.
    taken = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in told["panels"]]
    assert len(set(taken)) == len(taken)
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in told["panels"])


def test_the_collector_may_read_what_it_is_asked_to_name_and_nothing_else() -> None:
    told = yaml.safe_load(Path(ROOT / "docs/collector.yaml").read_text("utf-8"))
    named = told["processors"]["k8s_attributes"]["extract"]["metadata"]
    account, role, binding = yaml.safe_load_all((ROOT / "docs/collector-rbac.yaml").read_text("utf-8"))

    # Deployments are found by their replica sets; the others are in the pod itself.
    assert {each.split(".")[1] for each in named} == {"namespace", "pod", "deployment", "node"}
    resources = {resource for rule in role["rules"] for resource in rule["resources"]}
    assert resources == {"pods", "namespaces", "replicasets"}
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"][0]["name"] == account["metadata"]["name"]


def test_the_collector_is_told_nothing_that_is_not_there() -> None:
    told = yaml.safe_load(Path(ROOT / "docs/collector.yaml").read_text("utf-8"))

    for pipeline in told["service"]["pipelines"].values():
        for kind in ("receivers", "processors", "exporters"):
            assert set(pipeline[kind]) <= told[kind].keys()
    assert set(told["service"]["extensions"]) <= told["extensions"].keys()
    used = {name for pipeline in told["service"]["pipelines"].values() for name in pipeline["processors"]}
    assert used == told["processors"].keys()

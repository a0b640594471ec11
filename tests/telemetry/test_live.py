"""A real Prometheus reads the running suite: every query of every dashboard and every rule is answered."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from suite import processes
from suite.places import ROOT
from suite.watch.boards import BOARDS
from suite.watch.panel import Panel
from triage.testing.fake_model import Mood

if TYPE_CHECKING:
    from conftest import Watched

pytestmark = [pytest.mark.prometheus, pytest.mark.slow, pytest.mark.timeout(240)]

RULES = ROOT / "charts/api-reliability-suite/files/rules"
PANELS = [(f"{board.title} / {panel.title}", panel) for board in BOARDS.values() for panel in board.panels]
# Of what this installation has not: no mutual TLS.
NOT_HERE = {"Runtime / Certificate holds for"}


@dataclass
class Prometheus:
    url: str

    def ask(self, path: str, **parameters: str) -> Any:
        address = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]

    def values(self, expression: str) -> list[float]:
        for variable in ("$namespace", "$pod", "$route"):
            expression = expression.replace(variable, ".*")
        told = self.ask("query", query=expression.replace("$__rate_interval", "30s"))
        return [float(each["value"][1]) for each in told["result"]]

    def empty(self, panel: Panel) -> bool:
        """A panel is empty when none of its queries has anything, or only what is no number."""
        found = [value for query in panel.queries for value in self.values(query.expression)]
        return not any(value == value for value in found)  # noqa: PLR0124  NaN is not itself


@pytest.fixture(scope="module")
def reading(
    watched: Watched, prometheus_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    folder, port = tmp_path_factory.mktemp("prometheus"), watched.prometheus_port
    for file in RULES.glob("*.yaml"):
        document = yaml.safe_load(file.read_text("utf-8"))
        for group in document["groups"]:
            # Every half minute is for months; a test has seconds.
            group["interval"] = "1s"
        (folder / file.name).write_text(yaml.safe_dump(document), "utf-8")
    targets = [
        {"targets": [address], "labels": {"namespace": "here", "pod": f"{name}-0"}}
        for name, address in watched.targets.items()
    ]
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "rule_files": [str(folder / "*.yaml")],
        "scrape_configs": [{"job_name": "suite", "static_configs": targets}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    log = folder / "prometheus.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [
                prometheus_server,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--enable-feature=exemplar-storage",
            ],
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: processes.accepts(port), 30)
        yield Prometheus(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(20)


def until(true: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "It did not come to pass in time."
        time.sleep(0.2)


def empty_after(
    reading: Prometheus, drive: Callable[[], object], expected: set[str], seconds: float
) -> set[str]:
    """The panels that stay empty while the suite is driven, until only those expected are left."""
    ends = time.monotonic() + seconds
    while True:
        drive()
        empty = {title for title, panel in PANELS if reading.empty(panel)}
        if empty <= expected or time.monotonic() > ends:
            return empty
        time.sleep(0.5)


def test_no_panel_is_empty_but_those_that_show_faults_and_those_not_after_the_fault(
    watched: Watched, reading: Prometheus
) -> None:
    faults = {title for title, panel in PANELS if panel.fault}

    assert empty_after(reading, watched.use, faults, 60) <= faults
    assert empty_after(reading, lambda: spoil(watched), NOT_HERE, 90) <= NOT_HERE


def spoil(watched: Watched) -> None:
    """Every fault that has a panel: refused, replayed, past limits, without store, without upstream."""

    async def misbehave() -> None:
        api = watched.api
        first = await api.sign_in(watched.suite.admin)
        second = await api.refresh(first.refresh)
        await api.refresh(second.json()["refresh_token"])
        # Twice spent: not a retry of the latest any more.
        await api.refresh(first.refresh)
        await api.protected(first.access)
        await api.protected("not.a.token")
        for _ in range(8):
            await api.get("/health")
        for _ in range(8):
            await api.get("/external-api")
            await api.get("/down")

    async def without_database() -> None:
        await watched.api.login(watched.suite.admin.username, watched.suite.admin.password)

    upstream, suite = watched.suite.children["upstream"], watched.suite
    upstream.kill()
    suite.valkey.pause()
    try:
        watched.run(misbehave())
    finally:
        suite.valkey.resume()
        upstream.start()
        upstream.wait(30)
    suite.postgres.pause()
    try:
        watched.run(without_database())
    finally:
        suite.postgres.resume()
    watched.run(misbehave())
    for mood in (Mood.UNKNOWN_IDS, Mood.UNAUTHORISED, Mood.HONEST):
        watched.model.behaves(mood)
        watched.use()


def test_every_rule_is_evaluated_without_an_error(reading: Prometheus) -> None:
    def evaluated() -> bool:
        return all(rule["health"] != "unknown" for group in groups() for rule in group["rules"])

    def groups() -> Any:
        return reading.ask("rules")["groups"]

    until(evaluated, 30)
    told = [rule for group in groups() for rule in group["rules"]]

    assert len(told) > 60
    assert [(rule["name"], rule.get("lastError")) for rule in told if rule["health"] != "ok"] == []


LATENCIES = (
    "http_server_request_duration_seconds",
    "http_client_request_duration_seconds",
    "rpc_server_call_duration_seconds",
    "triage_answer_duration_seconds",
    "triage_stage_duration_seconds",
    "gen_ai_client_operation_duration_seconds",
)


@pytest.mark.parametrize("name", LATENCIES)
def test_a_bucket_leads_to_a_trace_that_was_pushed(watched: Watched, reading: Prometheus, name: str) -> None:
    def led() -> set[str]:
        now = time.time()
        told = reading.ask("query_exemplars", query=f"{name}_bucket", start=str(now - 600), end=str(now))
        return {each["labels"]["trace_id"] for series in told for each in series["exemplars"]}

    def arrived() -> bool:
        watched.use()
        return bool(led() & {span.trace_id for span in watched.collector.told})

    until(arrived, 30)


def test_the_report_tells_the_figures_of_the_rules(watched: Watched, reading: Prometheus) -> None:
    def report() -> Any:
        pair = watched.use()
        return watched.run(watched.api.get("/slo/report", pair.access)).json()

    until(lambda: all(each["budget_remaining"] is not None for each in report()["objectives"]), 40)
    told = report()

    assert told["source"] == "prometheus"
    assert {each["slo"] for each in told["objectives"]} == {"sign_in", "verified", "triage"}
    assert len(told["objectives"]) == 6
    assert 0 < told["success_ratio"]["actual"] <= 1
    (recorded,) = reading.values('slo:error:ratio_rate1h{slo="verified",sli="availability"}')
    assert told["success_ratio"]["actual"] == pytest.approx(1 - recorded, abs=0.05)

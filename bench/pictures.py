"""Draws every dashboard as a real Prometheus saw a real suite for a minute, with two outages in it.

Writes docs/pictures/*.svg. `make alerts` fetches Prometheus where it is not on PATH.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from bench.installation import sign_in
from suite import processes
from suite.places import ROOT
from suite.run import Suite
from suite.watch import prometheus
from suite.watch.boards import BOARDS
from suite.watch.drawing import Drawn, svg
from suite.watch.panel import Panel

SECONDS = 75
OUT = ROOT / "docs" / "pictures"
PATHS = ("/protected", "/protected", "/external-api", "/sessions", "/debug/summarize-errors", "/nowhere")


def ask(url: str, token: str, path: str, method: str = "GET") -> None:
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url + path, headers=headers, method=method)  # noqa: S310  # loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # loopback
            answer.read()
    except OSError:
        # A refusal is what some panels show.
        return


def use(suite: Suite, done: threading.Event) -> None:
    """One person after another, until told to stop."""
    token = sign_in(suite)["access_token"]
    while not done.is_set():
        for path in PATHS:
            ask(suite.base_url, token, path)
            time.sleep(0.05)
        ask(suite.base_url, token, "/logout", "POST")
        ask(suite.base_url, token, "/protected")
        try:
            token = sign_in(suite)["access_token"]
        except OSError:
            time.sleep(0.2)


def told(labels: dict[str, str], name: re.Match[str]) -> str:
    return labels.get(name[1], "")


def drawn(url: str, panel: Panel, began: float, ended: float) -> Drawn:
    lines = {}
    for query in panel.queries:
        expression = re.sub(r"\$(namespace|pod|route)", ".*", query.expression)
        asked = urllib.parse.urlencode(
            {
                "query": expression.replace("$__rate_interval", "10s"),
                "start": began,
                "end": ended,
                "step": 1,
            }
        )
        with urllib.request.urlopen(f"{url}/api/v1/query_range?{asked}") as answer:  # noqa: S310  # loopback
            found: Any = json.load(answer)["data"]["result"]
        for each in found:
            labels: dict[str, str] = each["metric"]
            legend = re.sub(r"{{(\w+)}}", partial(told, labels), query.legend)
            points = [(float(at), float(value)) for at, value in each["values"]]
            lines[legend] = [(at, value) for at, value in points if value == value]  # noqa: PLR0124  # NaN
    return {legend: line for legend, line in lines.items() if line}


def configured(folder: Path, targets: dict[str, str]) -> Path:
    for file in (ROOT / "charts/api-reliability-suite/files/rules").glob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("interval: 30s", "interval: 1s")
        (folder / file.name).write_text(text, encoding="utf-8")
    static = [
        {"targets": [address], "labels": {"namespace": "here", "pod": f"{name}-0"}}
        for name, address in targets.items()
    ]
    config = folder / "prometheus.yml"
    document = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "rule_files": [str(folder / "*.yaml")],
        "scrape_configs": [{"job_name": "suite", "static_configs": static}],
    }
    config.write_text(json.dumps(document), encoding="utf-8")
    return config


def main() -> None:
    server = prometheus.program("prometheus")
    if server is None:
        sys.exit(prometheus.ABSENT)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        binds = {name: f"127.0.0.1:{processes.free_port()}" for name in ("auth", "triage")}
        service_env = {name: {"METRICS_BIND": bind} for name, bind in binds.items()}
        service_env["auth"]["RATE_LIMIT_ENABLED"] = "false"
        limits = {f"RATE_LIMIT_{name}": "10000/minute" for name in ("LOGIN", "TRIAGE", "DEFAULT")}
        environment = {"PATH": os.environ["PATH"], "BCRYPT_ROUNDS": "6", **limits}
        suite = stack.enter_context(Suite(folder / "suite", env=environment, service_env=service_env))
        targets = {"gateway": suite.internal_url.removeprefix("http://"), **binds}
        port = processes.free_port()
        command = [
            str(server),
            f"--config.file={configured(folder, targets)}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        reading = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(reading.wait, 20)
        stack.callback(reading.terminate)
        done = threading.Event()
        using = threading.Thread(target=use, args=(suite, done))
        using.start()
        began = time.time()
        for at, outage in ((SECONDS / 3, suite.valkey), (2 * SECONDS / 3, suite.postgres)):
            time.sleep(max(0.0, began + at - time.time()))
            outage.pause()
            time.sleep(6)
            outage.resume()
        time.sleep(max(0.0, began + SECONDS - time.time()))
        done.set()
        using.join(30)
        OUT.mkdir(exist_ok=True)
        for name, board in BOARDS.items():
            url = f"http://127.0.0.1:{port}"
            lines = {panel.title: drawn(url, panel, began, time.time()) for panel in board.panels}
            (OUT / f"{name}.svg").write_text(svg(board, lines, began, time.time()), encoding="utf-8")


if __name__ == "__main__":
    main()

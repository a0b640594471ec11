"""What the tests on a cluster stand on, as far as it can be seen without one."""

import importlib.util
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from charting.cluster import NotInTime, until
from charting.helm import ROOT
from charting.inside import LOAD, REACH
from charting.rendering import Objects, of_kind

CLUSTER_TESTS = ROOT / "tests/e2e/cluster"


@pytest.fixture
def fixtures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cluster_conftest", CLUSTER_TESTS / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_values_of_the_cluster_tests_render(
    fixtures: ModuleType, render: Callable[..., Objects], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("E2E_IMAGES", "registry.example.com:5000/team/suite:1.2.3")
    objects = render(fixtures.values())
    images = {
        one["image"]
        for item in of_kind(objects, "Deployment")
        for one in item["spec"]["template"]["spec"]["containers"]
    }
    assert "registry.example.com:5000/team/suite/gateway:1.2.3" in images


def test_without_a_kubeconfig_the_cluster_tests_are_left_out_and_it_is_said():
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", CLUSTER_TESTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert "the tests marked `cluster` need E2E_KUBECONFIG and were left out" in run.stdout
    assert "error" not in run.stdout.lower()


def test_with_a_kubeconfig_they_are_collected():
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", CLUSTER_TESTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "E2E_KUBECONFIG": "/nowhere"},
    )
    assert run.returncode == 0, run.stdout
    assert run.stdout.count("::test_") >= 11


def said(program: str, *arguments: str) -> Any:
    run = subprocess.run(
        [sys.executable, "-I", "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return json.loads(run.stdout.splitlines()[-1])


def test_the_load_counts_answers_by_status(tmp_path: Path):
    class Gateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.headers["Authorization"] == "Bearer t" else 401)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    (tmp_path / "token").write_text("t\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        program = LOAD.replace(", 80,", f", {server.server_port},")
        answers = said(program, "127.0.0.1", str(tmp_path / "token"), "0.3")
        server.shutdown()
    assert answers.keys() == {"200"}
    assert said(program, "127.0.0.1", str(tmp_path / "token"), "0.1").keys() == {"ConnectionRefusedError"}


def test_reach_tells_who_lets_a_connection_through():
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = f"127.0.0.1:{server.getsockname()[1]}"
        assert said(REACH, there, "127.0.0.1:1") == {there: True, "127.0.0.1:1": False}


def test_what_does_not_happen_in_time_is_named():
    with pytest.raises(NotInTime, match=r"the pod ends: not within 0.1 s"):
        for _ in until(0.1, "the pod ends"):
            pass

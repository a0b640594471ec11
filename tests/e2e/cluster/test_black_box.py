"""Every promise that is kept on one machine is kept in the cluster: the same files, aimed at it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from charting.cluster import PREFIX, RELEASE, Cluster
from suite.places import ROOT
from suite.plan import Account

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]


def test_the_black_box_files_pass(cluster: Cluster, account: Account):
    with cluster.forward(f"service/{PREFIX}-gateway", 80) as address:
        env = {name: value for name, value in os.environ.items() if name != "E2E_KUBECONFIG"}
        env |= {
            "E2E_BASE_URL": f"http://{address}",
            "E2E_USERNAME": account.username,
            "E2E_PASSWORD": account.password,
        }
        here = Path(__file__).parent
        command = [sys.executable, "-m", "pytest", here.parent, "--ignore", here, "-p", "no:cacheprovider"]
        run = subprocess.run(command, cwd=ROOT, env=env, check=False, timeout=1500)
    assert run.returncode == 0


def test_helm_test_passes(cluster: Cluster):
    said = cluster.helm("test", RELEASE, "--logs", "--timeout", "3m")
    assert "pass  logout" in said
    assert "fail" not in said.replace("failed", "")

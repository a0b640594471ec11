"""Follows the notes that the chart prints, command by command, to the first sign-in."""

import base64
import subprocess
from pathlib import Path
from typing import Final

from suite.places import ROOT

USERNAME: Final = "admin"
_BEGIN: Final = "BOOTSTRAP=$("
_END: Final = "4. Check the installation"


def commands() -> str:
    """Those of the notes from the bootstrap secret to the first use of a token."""
    chart = ROOT / "charts/api-reliability-suite"
    helm = [ROOT / ".venv/bin/python", ROOT / "charts/charting/helm.py"]
    asked = ["install", "suite", chart, "--namespace", "suite", "--dry-run=client"]
    notes = subprocess.run([*helm, *asked], check=True, capture_output=True, text=True).stdout
    text = _BEGIN + notes.partition(_BEGIN)[2].partition(_END)[0]
    return "\n".join(line for line in text.splitlines() if not line.startswith(("3.",)))


def follow(url: str, secret: str, password: str) -> None:
    """Runs them with a `kubectl` that knows the one Secret, at `url` instead of the forwarded port.

    Raises:
        CalledProcessError: one of them failed.
    """
    kubectl = f"kubectl() {{ printf %s {base64.b64encode(secret.encode()).decode()}; }}"
    script = f"set -euo pipefail\n{kubectl}\n{commands()}".replace("http://localhost:8080", url)
    subprocess.run(["bash", "-c", script], input=f"{password}\n", text=True, check=True)


def write_account(folder: Path, password: str) -> None:
    folder.mkdir()
    (folder / "username").write_text(USERNAME)
    (folder / "password").write_text(password)

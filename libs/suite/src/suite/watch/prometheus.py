"""Where `prometheus` and `promtool` are, if anywhere: on PATH, or where `make alerts` put them."""

import shutil
from pathlib import Path
from typing import Final

from suite.places import ROOT

KEPT: Final = ROOT / ".cache" / "prometheus" / "usr" / "bin"
ABSENT: Final = "Prometheus is not on this machine: `make alerts` fetches it where there is apt."


def program(name: str) -> Path | None:
    found = shutil.which(name) or shutil.which(name, path=str(KEPT))
    return Path(found) if found else None

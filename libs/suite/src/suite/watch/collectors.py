"""Where an OpenTelemetry Collector is, if anywhere: named, on PATH, or where `make collector` built it."""

import os
import shutil
from pathlib import Path
from typing import Final

from suite.places import ROOT

_NAMED: Final = "COLLECTOR_BIN"
_NAMES: Final = ("otelcol-contrib", "otelcol")
_KEPT: Final = ROOT / ".cache" / "collector"
ABSENT: Final = (
    f"No OpenTelemetry Collector is on this machine: set {_NAMED}, or build one by `make collector`."
)


def program() -> Path | None:
    named = os.environ.get(_NAMED)
    if named:
        return Path(named)
    for name in _NAMES:
        if found := shutil.which(name) or shutil.which(name, path=str(_KEPT)):
            return Path(found)
    return None

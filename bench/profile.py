"""Where the time of each hot path goes: py-spy samples the servers while they are under load.

    python -m bench.profile [PATH...] [--write-docs]

Shares are of the samples in which a thread was at work. Native frames count by the library that
holds them: the event loop's own C code is `loop` (uvloop), a system call's is `libc`.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import documented, edge
from bench.installation import installed
from bench.places import HERE
from bench.workload import Workload

SPY = HERE / ".venv" / "bin" / "py-spy"
TOP = 12
# What threads wait in; the C library's lock of a condition has no name in it.
WAITING = ("epoll_wait", "epoll_pwait", "poll", "select", "sem_wait", "0x")


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry of a stack: `function (file:line)` as py-spy writes it."""

    function: str
    place: str

    @classmethod
    def of(cls, text: str) -> "Frame":
        function, _, place = text.rpartition(" (")
        return cls(function, place.rstrip(")").rpartition(":")[0] or place.rstrip(")"))

    @property
    def layer(self) -> str:
        """The package or library it belongs to; below our own packages, the module."""
        parts = self.place.removesuffix(".py").split("/")
        if parts[0] in {"gateway", "auth", "triage", "chassis"}:
            return "/".join(parts[:2])
        name = parts[-1] if ".so" in self.place else parts[0]
        return name.split(".", maxsplit=1)[0]

    @property
    def idle(self) -> bool:
        return self.layer == "libc" and self.function.startswith(WAITING)

    def __str__(self) -> str:
        return f"{self.function} ({self.place})"


@dataclass(frozen=True, slots=True)
class Profile:
    """Samples of one path in one process."""

    path: str
    process: str
    samples: int
    layers: Counter[str]
    functions: Counter[str]

    @classmethod
    def of(cls, path: str, process: str, folded: str) -> "Profile":
        layers, functions, samples = Counter[str](), Counter[str](), 0
        for line in folded.splitlines():
            stack, _, count = line.rpartition(" ")
            leaf = Frame.of(stack.split(";")[-1])
            # A thread of granian's or gRPC's own that waits to be woken.
            parked = leaf.function == "syscall" and ".py:" not in stack
            if leaf.idle or parked:
                continue
            layers[leaf.layer] += int(count)
            functions[str(leaf)] += int(count)
            samples += int(count)
        return cls(path, process, samples, layers, functions)

    def told(self) -> Iterator[str]:
        yield f"**{self.path}: {self.process}**, {self.samples} samples"
        yield ""
        layers = ", ".join(f"{name} {self._share(count)}" for name, count in self.layers.most_common(TOP))
        yield f"By library or module: {layers}."
        yield ""
        yield from ("| function | self |", "|---|---:|")
        yield from (f"| `{name}` | {self._share(count)} |" for name, count in self.functions.most_common(TOP))
        yield ""

    def _share(self, count: int) -> str:
        return f"{count / max(1, self.samples):.1%}"


def sampled(one: Workload, folder: Path, seconds: float) -> list[Profile]:
    """Loads one path and samples each of its servers in turn."""
    found = []
    for process, pid in one.servers.items():
        spying = threading.Thread(target=_record, args=(pid, folder / "folded", seconds))
        spying.start()
        while spying.is_alive():
            one.measure(0.5)
        spying.join()
        found.append(Profile.of(one.name, process, (folder / "folded").read_text(encoding="utf-8")))
    return found


def _record(pid: int, output: Path, seconds: float) -> None:
    command: list[str | Path] = [
        *(SPY, "record", "--pid", str(pid), "--duration", str(round(seconds)), "--rate", "200"),
        *(("--native",) if sys.platform == "linux" else ()),
        *("--subprocesses", "--format", "raw", "--output", output),
    ]
    subprocess.run(command, check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.profile",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", help="parts of the names of paths; all when there is none")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--write-docs", action="store_true", help="put it into docs/performance.md")
    asked = parser.parse_args()
    lines: list[str] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        there = stack.enter_context(installed(folder, bcrypt_rounds=4))
        paths = edge.ours(there, str(there.sign_in()["access_token"]))
        for one in paths:
            if not asked.paths or any(part in one.name for part in asked.paths):
                for profile in sampled(one, folder, asked.seconds):
                    lines += profile.told()
                    print("\n".join(profile.told()), flush=True)
    if asked.write_docs:
        documented.write_profile("\n".join(lines).strip())


if __name__ == "__main__":
    main()

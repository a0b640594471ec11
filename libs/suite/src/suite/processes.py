"""Child processes that never outlive the program that started them.

Start them from the main thread: Linux ties a child to the thread that forked it, not to the process.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Literal

import psutil

Mode = Literal["direct", "mapped", "nobody"]
LAUNCH = Path(__file__).with_name("launch.py")
_OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 20_000


def launch_line(
    command: Sequence[str | Path], mode: Mode = "direct", last: signal.Signals = signal.SIGTERM
) -> list[str]:
    """The argument list that runs `command` tied to this process; the pid stays the program's own."""
    head = [sys.executable, "-I", "-S", str(LAUNCH), mode, str(int(last)), str(os.getpid())]
    return head + [str(part) for part in command]


def start(
    command: Sequence[str | Path],
    *,
    output: IO[bytes] | Path,
    mode: Mode = "direct",
    last: signal.Signals = signal.SIGTERM,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a program in a process group of its own, so that a Ctrl-C reaches only who must stop it.

    Not in a session of its own: Linux may share the processors out among sessions first, and the low
    priority of auth's hashing would count within auth alone. `last` is what it is sent when this process
    dies.
    """
    with _sink(output) as sink:
        return subprocess.Popen(  # noqa: S603  the caller's own programs
            launch_line(command, mode, last),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            process_group=0,
        )


@contextmanager
def _sink(output: IO[bytes] | Path) -> Iterator[IO[bytes]]:
    if not isinstance(output, Path):
        yield output
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("ab") as opened:
        yield opened


def family(pid: int) -> list[psutil.Process]:
    """A process and everything below it that is still alive, parents first."""
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def signal_family(pid: int, number: signal.Signals) -> list[psutil.Process]:
    members = family(pid)
    for member in members:
        with suppress(psutil.NoSuchProcess):
            member.send_signal(number)
    return members


def stop(process: subprocess.Popen[bytes], *, how: signal.Signals, patience: float) -> None:
    """Asks with `how`, waits `patience` seconds, then kills the whole family."""
    if process.poll() is None:
        members = family(process.pid)
        process.send_signal(how)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            signal_family(process.pid, signal.SIGKILL)
            process.wait()
        for orphan in _left(members, patience):
            with suppress(psutil.NoSuchProcess):
                orphan.kill()


def kill(process: subprocess.Popen[bytes]) -> None:
    """The end that nobody gets to prepare for; returns when nothing of the family is left."""
    members = signal_family(process.pid, signal.SIGKILL)
    process.wait()
    _left(members, patience=5)


def _left(members: Sequence[psutil.Process], patience: float) -> list[psutil.Process]:
    """Who still runs after `patience`; a zombie waiting for some init to bury it does not."""
    left = list(members)
    for _ in deadline(patience):
        left = [member for member in left if _runs(member)]
        if not left:
            break
    return left


def _runs(member: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(member.status() != psutil.STATUS_ZOMBIE)
    return False


def free_port() -> int:
    """A port nobody listens on, for a server that is to listen there later, and again after it was gone.

    Not of those that the system gives to outgoing connections: one of them would sit there meanwhile.
    """
    for port in (*random.sample(range(*_still()), 50), 0):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found: int = probe.getsockname()[1]
            return found
    raise OSError("no port is free")


def _still() -> tuple[int, int]:
    """The ports below those of outgoing connections."""
    with suppress(OSError, ValueError):
        first = int(_OUTGOING.read_text(encoding="ascii").split()[0])
        if first > _LOWEST + 1000:
            return _LOWEST, first
    return _LOWEST, _LOWEST + 12_000


def accepts(port: int, host: str = "127.0.0.1", patience: float = 0.25) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=patience):
        return True
    return False


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for a person who has to know why something ended."""
    with suppress(OSError):
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    return ""


def deadline(seconds: float, *, step: float = 0.01) -> Iterator[None]:
    """Yields every `step` seconds until `seconds` have passed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(step)

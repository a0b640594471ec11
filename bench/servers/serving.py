"""Programs that listen on a loopback port, from when they answer until they are no longer needed."""

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from suite import processes


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


class ServerNotStarted(RuntimeError):
    """One sentence for people, then what the program said."""


@contextmanager
def running(
    command: Sequence[str | Path], port: int, folder: Path, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """The command from when the port answers; what it says goes to a file in `folder`, where it runs."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    process = processes.start(command, output=log, env=env, cwd=folder)
    try:
        for _ in processes.deadline(30, step=0.02):
            if processes.accepts(port):
                break
            if process.poll() is not None:
                raise ServerNotStarted(f"{command[0]} ended at its start:\n{processes.tail(log)}")
        else:
            raise ServerNotStarted(f"{command[0]} does not listen on {port}:\n{processes.tail(log)}")
        yield Server(port, process.pid)
    finally:
        processes.stop(process, how=signal.SIGTERM, patience=5)


def uvicorn(app: str, port: int, python: str = sys.executable) -> list[str | Path]:
    """As the gateway runs it: httptools, uvloop, one process and no access log."""
    return [
        *(python, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(port), "--no-access-log"),
        *("--http", "httptools", "--loop", "uvloop", "--log-level", "warning"),
    ]


def granian(app: str, port: int, interface: str) -> list[str | Path]:
    return [
        *(sys.executable, "-m", "granian", app, "--host", "127.0.0.1", "--port", str(port)),
        *("--interface", interface, "--http", "1", "--loop", "uvloop", "--workers", "1", "--no-log"),
    ]

"""Which real servers the tests run against: embedded ones, or containers when asked."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, Self

import psutil

from suite.places import RUN_DIR
from suite.postgres import Postgres
from suite.valkey import Valkey


class Server(Protocol):
    port: int

    def start(self) -> Self: ...
    def stop(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def kill(self) -> None: ...
    def restart(self) -> None: ...


class PostgresServer(Server, Protocol):
    def url(self, database: str = ...) -> str: ...


class ValkeyServer(Server, Protocol):
    def url(self, database: int = ...) -> str: ...
    def flush(self) -> None: ...


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of this process for the data of its test servers; those of dead runs are swept."""
    home = RUN_DIR / "tests"
    home.mkdir(parents=True, exist_ok=True)
    for old in home.iterdir():
        owner = old.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            _end_those_in(old)
            shutil.rmtree(old, ignore_errors=True)
    mine = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=home))
    try:
        yield mine
    finally:
        shutil.rmtree(mine, ignore_errors=True)
        with suppress(OSError):
            home.rmdir()


class BackendRefused(RuntimeError):
    """One sentence for people."""


def _end_those_in(folder: Path) -> None:
    """A server that was paused when its run died could not hear of it."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder):
                process.kill()


def containers_asked(environ: Mapping[str, str] = os.environ) -> bool:
    asked = environ.get("TEST_BACKEND", "embedded")
    if asked not in {"embedded", "containers"}:
        raise BackendRefused(f"TEST_BACKEND is {asked!r}: say embedded or containers.")
    return asked == "containers"


def check_backend() -> None:
    """Refuses before the first test what every test would fail on."""
    if containers_asked():
        from suite.containers import require_docker  # noqa: PLC0415  not installed where only `run` is

        require_docker()


def postgres(folder: Path) -> PostgresServer:
    if containers_asked():
        from suite.containers import ContainerPostgres  # noqa: PLC0415  not installed where only `run` is

        return ContainerPostgres()
    return Postgres(folder)


def valkey(folder: Path) -> ValkeyServer:
    if containers_asked():
        from suite.containers import ContainerValkey  # noqa: PLC0415  not installed where only `run` is

        return ContainerValkey()
    return Valkey(folder)

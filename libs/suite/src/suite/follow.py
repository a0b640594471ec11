"""Shows the logs of a folder as they grow, each line behind the name of who wrote it."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def follow(folder: Path, *, shown: bool) -> Iterator[None]:
    """While inside, and once more at the end."""
    if not shown:
        yield
        return
    ended = threading.Event()
    reader = threading.Thread(target=_read, args=(folder, ended), daemon=True)
    reader.start()
    try:
        yield
    finally:
        ended.set()
        reader.join(timeout=2)


def _read(folder: Path, ended: threading.Event) -> None:
    read: dict[Path, int] = {}
    last = False
    while not last:
        last = ended.wait(0.2)
        for log in sorted(folder.glob("*.log")):
            with log.open("rb") as opened:
                opened.seek(read.get(log, 0))
                whole, newline, _ = opened.read().rpartition(b"\n")
            read[log] = read.get(log, 0) + len(whole) + len(newline)
            for line in whole.decode(errors="replace").splitlines():
                sys.stdout.write(f"{log.stem:<10} {line}\n")
        sys.stdout.flush()

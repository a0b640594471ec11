"""Standard input as blocks, standard output as NDJSON, and a reader that went away as no fault."""

import signal
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from triage.domain.records.reader import BLOCK


def blocks() -> Iterator[bytes]:
    """Standard input as it comes: a pipe that trickles is answered at once."""
    while block := sys.stdin.buffer.read1(BLOCK):  # type: ignore[union-attr]  # every buffered reader has it
        yield block


def write(rows: list[Mapping[str, Any]]) -> None:
    """One JSON object a line, each batch flushed."""
    if rows:
        sys.stdout.buffer.write(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
        sys.stdout.buffer.flush()


def let_go() -> None:
    """`| head` ends the program silently."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)

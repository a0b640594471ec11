"""The process that reads hostile text: no secret, no socket, bounded memory.

Raw log text goes in, a redacted digest comes out; nothing raw ever comes back.
One process serves one log at a time and many in turn.
"""

import resource
import signal
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

import orjson

from triage.domain.reading import Digester
from triage.domain.redaction import Redactor
from triage.rules import load
from triage.workers import wire

_ADDRESS_SPACE: Final = 1 << 30
_PROGRESS_EVERY: Final = 1024 * 1024


def main(rules: str) -> None:
    sys.excepthook = _without_values
    # The service's own interrupt ends us through our closed input, in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    rule_set = load(Path(rules) if rules else None).rule_set
    given, told = sys.stdin.buffer, sys.stdout.buffer
    while _serve(given, told, Digester(Redactor(rule_set))):
        pass


def _serve(given: BinaryIO, told: BinaryIO, digester: Digester) -> bool:
    """One log; False at the end of the input, which is the end of the process."""
    unsaid = 0
    while header := given.read(wire.HEADER.size):
        kind, size = wire.HEADER.unpack(header)
        match kind:
            case wire.BLOCK:
                digester.feed(given.read(size))
                unsaid += size
            case wire.BOUNDARY:
                digester.boundary()
            case wire.CUT:
                digester.cut()
            case _:
                _tell(told, wire.DIGEST, digester.finish())
                return True
        if unsaid >= _PROGRESS_EVERY:
            unsaid = 0
            _tell(told, wire.PROGRESS, digester.reading())
    return False


def _tell(told: BinaryIO, kind: bytes, what: object) -> None:
    told.write(wire.frame(kind, orjson.dumps(what)))
    told.flush()


def _without_values(kind: type[BaseException], _: BaseException, where: TracebackType | None) -> None:
    """An exception's message may hold log text; its type and place do not."""
    sys.stderr.write("".join(traceback.format_tb(where)) + f"{kind.__name__}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

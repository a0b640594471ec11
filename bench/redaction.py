"""How many lines a second one core redacts: made-up service logs, and any log files given.

    python -m bench.redaction [--seconds N] [FILE...]

Each figure is the best of several rounds in processor time, so that neighbours
on the machine count little. Compare figures of one machine only.
"""

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path

from triage.domain.redaction import Redactor, built_in

_LINES = 20_000


def _access(pick: random.Random) -> str:
    address = f"10.{pick.randrange(256)}.{pick.randrange(256)}.7"
    request = f"GET /api/v1/orders/{pick.randrange(10**6)}?page={pick.randrange(9)} HTTP/1.1"
    status, size = pick.choice((200, 404, 502)), pick.randrange(9999)
    return f'{address} - - [02/Nov/2026:08:14:33 +0000] "{request}" {status} {size}'


def _structured(pick: random.Random) -> str:
    took, trace = pick.randrange(9000), f"{pick.getrandbits(128):032x}"
    return (
        f'{{"ts":"2026-11-02T08:14:33.{took % 1000:03d}Z","level":"error","logger":"orders.client",'
        f'"msg":"deadline exceeded after {took} ms","trace_id":"{trace}","attempt":3}}'
    )


def _trace(pick: random.Random) -> str:
    line, patch = pick.randrange(900), pick.randrange(9)
    return f"\tat com.acme.orders.Client.send(Client.java:{line}) ~[orders-1.2.{patch}.jar:na]"


def _plain(pick: random.Random) -> str:
    depth, worker = pick.randrange(9999), pick.randrange(64)
    return f"2026-11-02 08:14:33,{depth % 1000:03d} WARN [worker-{worker}] queue depth {depth}"


def _secret(pick: random.Random) -> str:
    user, secret = pick.randrange(999), f"{pick.getrandbits(60):x}"
    return f"2026-11-02T08:14:33Z ERROR login failed user=u{user} password={secret}! status=401"


_KINDS: dict[str, Callable[[random.Random], str]] = {
    "access log, an address in each line": _access,
    "JSON": _structured,
    "stack traces": _trace,
    "plain": _plain,
    "a new password in each line": _secret,
}


def mixed() -> list[str]:
    """The first four kinds, shuffled: what a service logs on a day without leaks."""
    pick = random.Random(1)
    lines = [kind(pick) for kind in list(_KINDS.values())[:4] for _ in range(_LINES // 4)]
    pick.shuffle(lines)
    return lines


def _rate(lines: list[bytes], seconds: float) -> float:
    best, until = 0.0, time.monotonic() + seconds
    while not best or time.monotonic() < until:
        redactor = Redactor(built_in())
        start = time.process_time()
        count = sum(1 for _ in redactor.redact_lines(lines))
        best = max(best, count / (time.process_time() - start))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure")
    args = parser.parse_args()
    pick = random.Random(1)
    inputs = {name: [kind(pick).encode() for _ in range(_LINES)] for name, kind in _KINDS.items()}
    mixed = [line for lines in list(inputs.values())[:4] for line in lines]
    pick.shuffle(mixed)
    inputs["the first four, mixed"] = mixed
    inputs |= {str(path): path.read_bytes().splitlines() for path in args.files}
    built_in()
    for name, lines in inputs.items():
        size = sum(map(len, lines)) / len(lines)
        print(f"{name:45} {size:6.0f} bytes a line {_rate(lines, args.seconds):10,.0f} lines/s")


if __name__ == "__main__":
    main()

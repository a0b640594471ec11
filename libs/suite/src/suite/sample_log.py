"""A day in the life of a made-up shop, as one log of many formats, with secrets where they leak in real ones.

The same seed gives the same lines. Secrets and people are made at run time and belong to nobody: the card
numbers only pass the Luhn check, the addresses are of the documentation ranges, the names of example.com.
"""

import random
import string
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from suite.sample_lines import LOUD, QUIET

LINES = 12_000
SEED = 2026
_LOUD_SHARE = 0.04
_NAMES = ("amina.diallo", "bo.larsen", "chen.wei", "dana.kovacs", "elif.kaya", "femi.ade", "greta.holm")
_ROUTES = ("/cart", "/checkout", "/search?q=lamp", "/orders", "/orders/48213", "/login", "/static/app.js")


class Record(dict[str, str]):
    """What the fields of one template stand for, drawn when first named and the same after that."""

    def __init__(self, draw: random.Random, at: datetime) -> None:
        super().__init__()
        self._draw = draw
        self._at = at

    def __missing__(self, field: str) -> str:
        kind, _, argument = field.partition("_")
        self[field] = _FIELDS[kind](self._draw, self._at, argument)
        return self[field]


def _word(draw: random.Random, length: str) -> str:
    return "".join(draw.choices(string.ascii_letters + string.digits, k=int(length)))


def _card(draw: random.Random) -> str:
    digits = [4, *(draw.randrange(10) for _ in range(14))]
    doubled = (sum(divmod(digit * 2, 10)) if place % 2 == 0 else digit for place, digit in enumerate(digits))
    return "".join(map(str, [*digits, -sum(doubled) % 10]))


# {number_9000_b} is a number below 9000, and another one than {number_9000}.
_FIELDS: dict[str, Callable[[random.Random, datetime, str], str]] = {
    "iso": lambda _, at, __: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
    "comma": lambda _, at, __: f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}",
    "dot": lambda _, at, __: f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC",
    "access": lambda _, at, __: f"{at:%d/%b/%Y:%H:%M:%S} +0000",
    "slash": lambda _, at, __: f"{at:%Y/%m/%d %H:%M:%S}",
    "klog": lambda _, at, __: f"{at:%m%d %H:%M:%S.%f}",
    "number": lambda draw, _, below: str(draw.randrange(int(below.partition("_")[0]))),
    "word": lambda draw, _, length: _word(draw, length.partition("_")[0]),
    "trace": lambda draw, _, __: f"{draw.getrandbits(128):032x}",
    "card": lambda draw, _, __: _card(draw),
    "email": lambda draw, _, __: f"{draw.choice(_NAMES)}{draw.randrange(40)}@example.com",
    "client": lambda draw, _, __: f"203.0.113.{draw.randrange(1, 255)}",
    "server": lambda draw, _, __: f"198.51.100.{draw.randrange(1, 255)}",
    "route": lambda draw, _, __: draw.choice(_ROUTES),
    "status": lambda draw, _, __: draw.choices(("200", "304", "404"), (90, 8, 2))[0],
}


def lines(count: int = LINES, *, seed: int = SEED, end: datetime | None = None) -> Iterator[str]:
    """At least `count` lines of the six hours before `end`, oldest first; a record may take several."""
    draw = random.Random(seed)  # noqa: S311  reproducible on purpose, protects nothing
    step = timedelta(hours=6) / count
    at = (end or datetime.now(UTC)) - count * step
    written = 0
    while written < count:
        kinds = LOUD if draw.random() < _LOUD_SHARE else QUIET
        template = draw.choices(list(kinds), list(kinds.values()))[0]
        at += step * (template.count("\n") + draw.uniform(0.5, 1.5))
        record = template.format_map(Record(draw, at)).split("\n")
        yield from record
        written += len(record)


def write(file: Path) -> int:
    """Writes the log where there is none yet; how many lines it has."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".part")
        unfinished.write_text("\n".join(lines()) + "\n", encoding="utf-8")
        unfinished.replace(file)
    with file.open("rb") as opened:
        return sum(1 for _ in opened)

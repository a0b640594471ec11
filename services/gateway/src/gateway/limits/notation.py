"""The notation of limits: `5/minute`, and after it, in any order, how, by what, and at what cost."""

import enum
import re
from dataclasses import dataclass, field
from typing import Self

_PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"(\d{1,9})\s*/\s*(?:(\d{1,5})\s*)?(second|minute|hour|day)s?")
_TIER = re.compile(r"([a-z_]{1,32})=(\d{1,9})")


class Algorithm(enum.StrEnum):
    """How hits are counted.

    MOVING: never more than the amount in any window of the period; remembers every hit.
    FIXED: counts per aligned window; cheapest to store, may double at the edge.
    BUCKET: GCRA, refills evenly, `burst` at once; constant memory, for large amounts.
    """

    MOVING = "moving"
    FIXED = "fixed"
    BUCKET = "bucket"


class Key(enum.StrEnum):
    """What is counted together: IPv6 addresses count by their /64."""

    ADDRESS = "address"
    USER = "user"
    ROUTE = "route"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    amount: int
    period: int
    algorithm: Algorithm = Algorithm.MOVING
    key: Key = Key.ADDRESS
    cost: int = 1
    # What a bucket gives at once; the amount when None.
    burst: int | None = None
    # Counted and told in metrics, never enforced.
    shadow: bool = False
    # Amounts of other roles, by role.
    tiers: tuple[tuple[str, int], ...] = ()
    # Name it in the store and in headers; made once, since every request needs them.
    label: str = field(init=False, repr=False, compare=False)
    whose: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        label = f"{self.algorithm}:{self.amount}/{self.period}:{self.key}"
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "whose", str(self.key))
        if self.amount < 1 or self.period < 1:
            raise ValueError("a limit admits at least 1 per second, minute, hour or day")
        if not 1 <= self.cost <= self.amount:
            raise ValueError("the cost of a request lies between 1 and the amount of its limit")

    def __hash__(self) -> int:
        return hash(self.label)

    @classmethod
    def parse(cls, text: str) -> Self:
        """`100/minute`, `10/5 seconds bucket burst 20 by user cost 2 shadow admin=1000`.

        Raises:
            ValueError: with one sentence that says what was not understood.
        """
        rate = _RATE.match(text.strip().lower())
        if rate is None:
            raise ValueError(f"{text!r} is not a limit; write it as 5/minute or 100/10 seconds")
        words = text.strip().lower()[rate.end() :].split()
        algorithm, key, cost, burst, shadow = Algorithm.MOVING, Key.ADDRESS, 1, None, False
        tiers: list[tuple[str, int]] = []
        while words:
            match words:
                case [("moving" | "fixed" | "bucket") as word, *words]:
                    algorithm = Algorithm(word)
                case ["by", ("address" | "user" | "route" | "tenant") as word, *words]:
                    key = Key(word)
                case ["cost", word, *words] if word.isdigit():
                    cost = int(word)
                case ["burst", word, *words] if word.isdigit():
                    burst = int(word)
                case ["shadow", *words]:
                    shadow = True
                case [word, *words] if tier := _TIER.fullmatch(word):
                    tiers.append((tier[1], int(tier[2])))
                case [word, *_]:
                    raise ValueError(f"{word!r} is not understood in the limit {text!r}")
        return cls(
            amount=int(rate[1]),
            period=int(rate[2] or 1) * _PERIODS[rate[3]],
            algorithm=algorithm,
            key=key,
            cost=cost,
            burst=burst,
            shadow=shadow,
            tiers=tuple(tiers),
        )

    def amount_for(self, role: str | None) -> int:
        for name, amount in self.tiers:
            if name == role:
                return amount
        return self.amount

"""What the model may cost today: reserved before a call, settled after, shared by all replicas.

Where Redis does not answer each replica counts for itself from nothing, so an
outage of Redis can cost one budget per replica and never an unbounded sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from chassis.clock import Clock
from triage.cache.shared import SharedStore
from triage.domain.budget import Prices

_KEPT_SECONDS: Final = 2 * 86_400
_MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """Per day (UTC); 0 for no bound."""

    tokens: int
    tokens_per_user: int
    cost: float


@dataclass(frozen=True, slots=True)
class _Line:
    key: str
    amount: int
    at_most: int
    shared: bool
    """Where it was counted, so that it is given back there."""


@dataclass(frozen=True, slots=True)
class Reservation:
    user: str
    day: date
    lines: tuple[_Line, ...]


class Budget:
    def __init__(self, bounds: Bounds, prices: Prices, clock: Clock, shared: SharedStore | None) -> None:
        self._bounds = bounds
        self._prices = prices
        self._clock = clock
        self._shared = shared
        self._local: dict[str, int] = {}
        self._local_day: date | None = None

    async def reserve(self, user: str, input_tokens: int, output_tokens: int) -> Reservation | None:
        """Takes the most a call can cost; None where that is more than what is left."""
        day = self._clock.now().date()
        taken: list[_Line] = []
        for name, amount, at_most in self._amounts(user, input_tokens, output_tokens):
            line = await self._take(f"triage:budget:{day.isoformat()}:{name}", amount, at_most, day)
            if line is None:
                await self._give_back(taken)
                return None
            taken.append(line)
        return Reservation(user, day, tuple(taken))

    async def settle(self, reservation: Reservation, input_tokens: int, output_tokens: int) -> None:
        """Replaces what was reserved by what was used, on the day it was reserved."""
        used = [amount for _, amount, _ in self._amounts(reservation.user, input_tokens, output_tokens)]
        await self._give_back(
            [
                _Line(line.key, line.amount - amount, line.at_most, line.shared)
                for line, amount in zip(reservation.lines, used, strict=True)
            ]
        )

    def _amounts(self, user: str, input_tokens: int, output_tokens: int) -> Sequence[tuple[str, int, int]]:
        tokens = input_tokens + output_tokens
        cost = round(self._prices.cost(input_tokens, output_tokens) * _MICRO)
        return (
            ("tokens", tokens, self._bounds.tokens),
            (f"user:{user}", tokens, self._bounds.tokens_per_user),
            ("cost", cost, round(self._bounds.cost * _MICRO)),
        )

    async def _take(self, key: str, amount: int, at_most: int, day: date) -> _Line | None:
        if self._shared is not None:
            taken = await self._shared.take(key, amount, at_most=at_most, ttl_seconds=_KEPT_SECONDS)
            if taken is not None:
                return _Line(key, amount, at_most, shared=True) if taken else None
        if self._local_day != day:
            self._local, self._local_day = {}, day
        after = self._local.get(key, 0) + amount
        if at_most and after > at_most:
            return None
        self._local[key] = after
        return _Line(key, amount, at_most, shared=False)

    async def _give_back(self, lines: Sequence[_Line]) -> None:
        for line in lines:
            if not line.amount:
                continue
            if line.shared and self._shared is not None:
                await self._shared.take(line.key, -line.amount, at_most=0, ttl_seconds=_KEPT_SECONDS)
            elif line.key in self._local:
                self._local[line.key] -= line.amount

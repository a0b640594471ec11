"""Limits counted in this process: the share of one replica, or the store of a single one."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor

from chassis.clock import Clock
from gateway.limits.counts import Check, Count
from gateway.limits.notation import Algorithm

_MAX_KEYS = 100_000


@dataclass(slots=True)
class _State:
    hits: deque[float] = field(default_factory=deque)
    count: int = 0
    # End of the fixed window, or the bucket's theoretical arrival time.
    until: float = 0.0


class MemoryStore:
    """The least recently used keys are forgotten past a bound, so that a scan cannot fill the memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._states: OrderedDict[str, _State] = OrderedDict()

    async def take(self, checks: Sequence[Check]) -> list[Count]:
        return self.take_now(checks)

    def take_now(self, checks: Sequence[Check]) -> list[Count]:
        now = self._clock.monotonic()
        states = [self._state(check.key) for check in checks]
        counts = [
            _LOOK[check.limit.algorithm](check, state, now)
            for check, state in zip(checks, states, strict=True)
        ]
        refused = any(
            not count.admitted and not check.limit.shadow for check, count in zip(checks, counts, strict=True)
        )
        for check, state, count in zip(checks, states, counts, strict=True):
            if count.admitted and (check.limit.shadow or not refused):
                _TAKE[check.limit.algorithm](check, state, now)
        while len(self._states) > _MAX_KEYS:
            self._states.popitem(last=False)
        return counts

    def _state(self, key: str) -> _State:
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = _State()
        else:
            self._states.move_to_end(key)
        return state


def _look_fixed(check: Check, state: _State, now: float) -> Count:
    if now >= state.until:
        state.count, state.until = 0, 0.0
    left = check.amount - state.count - check.limit.cost
    return Count(left >= 0, max(0, left), (state.until - now) if state.until else check.limit.period)


def _take_fixed(check: Check, state: _State, now: float) -> None:
    if not state.until:
        state.until = now + check.limit.period
    state.count += check.limit.cost


def _look_moving(check: Check, state: _State, now: float) -> Count:
    hits, period, cost = state.hits, check.limit.period, check.limit.cost
    while hits and hits[0] <= now - period:
        hits.popleft()
    left = check.amount - len(hits) - cost
    if left >= 0:
        return Count(True, left, (hits[0] + period - now) if hits else period)
    needed = min(-left, len(hits))
    return Count(False, 0, hits[needed - 1] + period - now if needed else period)


def _take_moving(check: Check, state: _State, now: float) -> None:
    state.hits.extend([now] * check.limit.cost)


def _look_bucket(check: Check, state: _State, now: float) -> Count:
    step, burst = _bucket(check)
    then = max(state.until, now) + step * check.limit.cost
    early = then - burst * step - now
    # A nanosecond of floating point is not a refusal.
    if early <= 1e-9:  # noqa: PLR2004
        return Count(True, floor((burst * step - (then - now)) / step + 1e-6), then - now)
    return Count(False, max(0, floor((burst * step - (state.until - now)) / step)), early)


def _take_bucket(check: Check, state: _State, now: float) -> None:
    state.until = max(state.until, now) + _bucket(check)[0] * check.limit.cost


def _bucket(check: Check) -> tuple[float, int]:
    """Seconds per unit, and how many at once."""
    return check.limit.period / check.amount, max(check.limit.burst or check.amount, check.limit.cost)


_LOOK = {Algorithm.FIXED: _look_fixed, Algorithm.MOVING: _look_moving, Algorithm.BUCKET: _look_bucket}
_TAKE = {Algorithm.FIXED: _take_fixed, Algorithm.MOVING: _take_moving, Algorithm.BUCKET: _take_bucket}

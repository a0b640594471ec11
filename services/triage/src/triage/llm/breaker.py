"""Whether the model may be asked now: pybreaker's state, with the waiting done outside it.

pybreaker cannot await, holds its lock while the function runs, lets everyone
through when half open and counts a cancellation as a failure. So nothing is
run inside it: a permit is asked for before, and the outcome recorded after.
"""

import contextlib
from typing import Final

import pybreaker

from chassis.clock import Clock

_CLOSED: Final = "closed"


class Permit:
    """One call that was let through; exactly one of its three endings is told."""

    def __init__(self, breaker: "ModelBreaker", *, trial: bool) -> None:
        self._breaker = breaker
        self.trial = trial

    def succeeded(self) -> None:
        self._breaker._ended(self, failed=False)  # noqa: SLF001  # a permit is the breaker's other half

    def failed(self) -> None:
        self._breaker._ended(self, failed=True)  # noqa: SLF001

    def proved_nothing(self) -> None:
        """Cancelled, wrongly configured, or given too little time: no news about the model."""
        self._breaker._abandoned(self)  # noqa: SLF001


class ModelBreaker:
    """Opens after `fail_max` failures in a row; after `reset_seconds` one call tries, the others do not."""

    def __init__(self, *, fail_max: int, reset_seconds: float, clock: Clock) -> None:
        self._state = pybreaker.CircuitBreaker(fail_max=fail_max, throw_new_error_on_trip=False)
        self._reset_seconds = reset_seconds
        self._clock = clock
        self._opened_at = 0.0
        self._trial: Permit | None = None

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`."""
        return str(self._state.current_state)

    def admit(self) -> Permit | None:
        """A permit, or None while the model is left alone."""
        if self.state == _CLOSED:
            return Permit(self, trial=False)
        if self._trial is not None or self._clock.monotonic() - self._opened_at < self._reset_seconds:
            return None
        self._state.half_open()
        self._trial = Permit(self, trial=True)
        return self._trial

    def _ended(self, permit: Permit, *, failed: bool) -> None:
        if permit.trial:
            self._trial = None
        elif self.state != _CLOSED:
            # A straggler from before it opened: what it found is old news.
            return
        if not failed:
            self._state.call(lambda: None)
            return
        with contextlib.suppress(_Failed):
            self._state.call(_fail)
        if self.state != _CLOSED:
            self._opened_at = self._clock.monotonic()

    def _abandoned(self, permit: Permit) -> None:
        if permit.trial:
            # The time has already run out once, so the next caller may try at once.
            self._trial = None
            self._state.open()


class _Failed(Exception):
    pass


def _fail() -> None:
    raise _Failed

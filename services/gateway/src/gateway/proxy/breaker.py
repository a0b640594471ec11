"""A circuit breaker per upstream: past its threshold nobody calls, and then one trial decides.

pybreaker keeps the count and the state. Its own way of calling is not used: it holds a lock while
the call runs, lets everybody through while half open and takes a cancelled call for a failed one.
So the call happens outside, under a permit, and its outcome is recorded afterwards.
"""

import contextlib
from collections.abc import Callable

import pybreaker


class _Failed(Exception):
    pass


def _succeed() -> None:
    return


def _fail() -> None:
    raise _Failed


class Permit:
    """Leave for one call. Left without an outcome it says nothing about the upstream."""

    __slots__ = ("_breaker", "_era", "_open", "trial")

    def __init__(self, breaker: "Breaker", era: int, *, trial: bool) -> None:
        self._breaker = breaker
        # An outcome counts only in the state the call was let into.
        self._era = era
        self._open = True
        self.trial = trial

    def succeeded(self) -> bool:
        """True unless an outcome was recorded before."""
        if not self._open:
            return False
        self._open = False
        self._breaker._succeeded(self._era)  # noqa: SLF001 - one mechanism in two parts
        return True

    def failed(self) -> None:
        if self._open:
            self._open = False
            self._breaker._failed(self._era)  # noqa: SLF001 - one mechanism in two parts

    def release(self) -> None:
        if self._open:
            self._open = False
            if self.trial:
                self._breaker._abandoned(self._era)  # noqa: SLF001 - one mechanism in two parts


class Breaker:
    def __init__(
        self,
        name: str,
        *,
        failures: int,
        open_seconds: float,
        now: Callable[[], float],
        changed: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`now` is monotonic seconds; `changed` hears the new state's name."""
        self._state = pybreaker.CircuitBreaker(
            name=name, fail_max=failures, reset_timeout=open_seconds, throw_new_error_on_trip=False
        )
        self._open_seconds = open_seconds
        self._now = now
        self._changed = changed
        self._opened_at = 0.0
        self._era = 0
        self._closed = True
        # Failures since the last success, so that a success in good times costs nothing.
        self._suspicious = False

    @property
    def state(self) -> str:
        """closed, open or half-open."""
        return self._state.current_state

    def retry_after(self) -> float:
        """Seconds until the next trial, at least."""
        return max(0.0, self._opened_at + self._open_seconds - self._now())

    def rejecting(self) -> bool:
        """Whether `permit` would answer None now."""
        if self._closed:
            return False
        return self.state == pybreaker.STATE_HALF_OPEN or self.retry_after() > 0

    def permit(self) -> Permit | None:
        """Leave to call now, or None while the breaker is open or its one trial is out."""
        if self._closed:
            return Permit(self, self._era, trial=False)
        if self.rejecting():
            return None
        self._era += 1
        self._state.half_open()
        self._changed(self.state)
        return Permit(self, self._era, trial=True)

    def _succeeded(self, era: int) -> None:
        if era != self._era or (self._closed and not self._suspicious):
            return
        self._suspicious = False
        self._state.call(_succeed)
        if not self._closed:
            self._closed = True
            self._era += 1
            self._changed(self.state)

    def _failed(self, era: int) -> None:
        if era != self._era:
            return
        self._suspicious = True
        # How pybreaker reports that it has counted.
        with contextlib.suppress(_Failed, pybreaker.CircuitBreakerError):
            self._state.call(_fail)
        if self.state == pybreaker.STATE_OPEN:
            self._closed = False
            self._opened_at = self._now()
            self._era += 1
            self._changed(self.state)

    def _abandoned(self, era: int) -> None:
        """The trial ended without an outcome: the next caller is the trial."""
        if era == self._era:
            self._era += 1
            self._state.open()

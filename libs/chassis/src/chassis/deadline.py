"""The ambient deadline: how long whoever asked is still going to wait.

Set at the edge from the HTTP request, carried by gRPC, narrowed on the way
down, read by whatever is about to wait (a pool, a statement, a model).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_at: ContextVar[float | None] = ContextVar("deadline", default=None)


def remaining() -> float | None:
    """Seconds left, never negative; None where nobody set a deadline."""
    at = _at.get()
    return None if at is None else max(0.0, at - time.monotonic())


def at_most(seconds: float) -> float:
    """`seconds`, or what is left of the ambient deadline if that is less."""
    left = remaining()
    return seconds if left is None else min(seconds, left)


def narrow(seconds: float) -> None:
    """Narrows it for the rest of this task, whose context ends with it."""
    _at.set(time.monotonic() + at_most(seconds))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Narrows the ambient deadline for the body; it can never widen it."""
    token = _at.set(time.monotonic() + at_most(seconds))
    try:
        yield
    finally:
        _at.reset(token)

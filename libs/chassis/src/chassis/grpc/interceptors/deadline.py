"""The caller's deadline becomes the ambient one; a call without any gets ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from chassis import deadline
from chassis.grpc.interceptors.handlers import Context, Surrounding

DEFAULT_SECONDS: Final = 10.0


class DeadlineInterceptor(Surrounding):
    """Bounds every call.

    Args:
        unbounded: full names of methods that stream for as long as somebody listens.
    """

    def __init__(self, unbounded: frozenset[str] = frozenset()) -> None:
        self._unbounded = unbounded

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        left: float | None = context.time_remaining()
        if left is not None or method not in self._unbounded:
            deadline.narrow(DEFAULT_SECONDS if left is None else left)
        yield

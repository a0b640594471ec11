"""Single flight: whoever asks the same while it is being asked waits for that one answer."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[T]] = {}
        self._waiting: dict[str, int] = {}

    async def join(self, key: str, start: Callable[[], Coroutine[Any, Any, T]]) -> tuple[T, bool]:
        """The result for `key`, and whether this caller was the one who started it.

        The work ends when the last who waits for it goes away, not when the first does.
        """
        task = self._tasks.get(key)
        leads = task is None
        if task is None:
            task = self._tasks[key] = asyncio.create_task(start(), name="triage-flight")
            self._waiting[key] = 0
        self._waiting[key] += 1
        try:
            return await asyncio.shield(task), leads
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._tasks[key], self._waiting[key]
                if not task.done():
                    task.cancel()
                    await asyncio.wait({task})

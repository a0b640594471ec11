"""Hashing off the event loop: a few threads, a short queue, and a quick no past its end.

bcrypt releases the GIL, so threads are enough. A caller that is cancelled in the queue leaves it at
once; one that is cancelled while its hash is being made leaves the thread busy until it is done, and
the place is counted as taken for just as long.
"""

import asyncio
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from chassis.errors import Unavailable

T = TypeVar("T")

# Before the first hash was timed: about what one at cost 12 takes.
_FIRST_GUESS_SECONDS = 0.3
_WEIGHT_OF_LATEST = 0.2
_NICENESS = 10


def _stand_back() -> None:
    """On Linux a thread has a priority of its own: whoever waits for the loop goes before who hashes."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


class HashingPool:
    """Runs work on `threads` threads with at most `queue` callers waiting.

    Raises:
        Unavailable: HASHING_OVERLOADED, when the queue is full; nothing was run.
    """

    def __init__(self, *, threads: int, queue: int) -> None:
        self._threads = threads
        self._queue = queue
        self._waiting = 0
        self._free = asyncio.Semaphore(threads)
        self._executor = ThreadPoolExecutor(threads, "hashing", initializer=_stand_back)
        self._seconds = _FIRST_GUESS_SECONDS

    @property
    def waiting(self) -> int:
        return self._waiting

    async def run(self, work: Callable[[], T]) -> T:
        if self._free.locked() and self._waiting >= self._queue:
            raise Unavailable(
                "Too many sign-ins at once; try again shortly.",
                reason="HASHING_OVERLOADED",
                retry_after=math.ceil((self._waiting + 1) * self._seconds / self._threads),
            )
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        return await asyncio.wrap_future(self._submit(work))

    async def close(self) -> None:
        """Waits for the hashes being made; takes no more."""
        await asyncio.to_thread(self._executor.shutdown, wait=True, cancel_futures=True)

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        loop = asyncio.get_running_loop()

        def timed() -> T:
            began = time.monotonic()
            try:
                return work()
            finally:
                loop.call_soon_threadsafe(self._took, time.monotonic() - began)

        try:
            future = self._executor.submit(timed)
        except RuntimeError:
            self._free.release()
            raise Unavailable("This instance is stopping; try again.", retry_after=1) from None
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._free.release))
        return future

    def _took(self, seconds: float) -> None:
        self._seconds += _WEIGHT_OF_LATEST * (seconds - self._seconds)

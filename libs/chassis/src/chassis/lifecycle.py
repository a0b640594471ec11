"""The life of a service: build, be ready, be told to stop, turn unready, wait, close.

Everything a service opens goes onto one AsyncExitStack, which is unwound in
reverse. Between unready and closing lies `delay`, longer than one readiness
period, so that traffic has moved on before anything closes.
"""

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any, Final

import uvloop

log = logging.getLogger(__name__)

# New objects before the young are looked through: a few requests under way have as many as Python's 700.
_GARBAGE = 20_000

_CLOSE_SECONDS: Final = 30.0


class Readiness:
    """Whether this process wants traffic: serving, and every named need fulfilled."""

    def __init__(self) -> None:
        self._serving = False
        self._needs: dict[str, bool] = {}
        self._watchers: list[Callable[[bool], None]] = []
        self._told = False

    @property
    def ready(self) -> bool:
        return self._serving and all(self._needs.values())

    def needs(self) -> dict[str, bool]:
        """Each need by name, for a verbose probe."""
        return {"serving": self._serving, **self._needs}

    def serving(self, *, yes: bool) -> None:
        self._serving = yes
        self._tell()

    def need(self, name: str, *, met: bool) -> None:
        self._needs[name] = met
        self._tell()

    def on_change(self, watcher: Callable[[bool], None]) -> None:
        self._watchers.append(watcher)
        watcher(self._told)

    def _tell(self) -> None:
        if self.ready is not self._told:
            self._told = self.ready
            for watcher in self._watchers:
                watcher(self._told)


Build = Callable[[AsyncExitStack, Readiness], Awaitable[None]]


def run(build: Build, *, delay: float) -> None:
    """Runs a service until SIGTERM, SIGINT or the death of one of its tasks.

    A second signal cuts the waiting short. Exits with status 1 where a
    background task died, since a service without one of its parts is not one.
    """
    failed = uvloop.run(_live(build, delay))
    if failed:
        raise SystemExit(1)


async def _live(build: Build, delay: float) -> bool:
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def told() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    readiness = Readiness()
    stack = AsyncExitStack()
    tasks = _Tasks(stop)
    _running.set(tasks)
    try:
        await build(stack, readiness)
        # What a service is made of stays to the end. Looking through it again and again for garbage costs
        # a tenth of a second each time, in which nobody is answered.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GARBAGE)
        readiness.serving(yes=True)
        log.info("service.started")
        await stop.wait()
        readiness.serving(yes=False)
        log.info("service.stopping")
        if not tasks.failed:
            await _first(hurry.wait(), delay)
    finally:
        readiness.serving(yes=False)
        await _close(stack)
    log.info("service.stopped")
    return tasks.failed


async def _first(event: Coroutine[Any, Any, Any], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event
    except TimeoutError:
        return


async def _close(stack: AsyncExitStack) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await stack.aclose()
    except TimeoutError:
        log.warning("service.close_timed_out", extra={"seconds": _CLOSE_SECONDS})


class _Tasks:
    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self.failed = False

    def ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("task.died", extra={"task": task.get_name()}, exc_info=error)
            self.failed = True
            self._stop.set()


# Whose tasks these are: unset where a test builds a service without `run`.
_running: ContextVar[_Tasks | None] = ContextVar("running", default=None)


def spawn(stack: AsyncExitStack, work: Coroutine[Any, Any, None], name: str) -> None:
    """A background task that ends with the stack and whose death ends the service."""
    task = asyncio.create_task(work, name=name)
    owner = _running.get()
    if owner is not None:
        task.add_done_callback(owner.ended)

    async def end() -> None:
        task.cancel()
        await asyncio.wait({task})

    stack.push_async_callback(end)

"""Asks every route, all the time, and keeps what came of it."""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from suite.chaos.routes import ROUTES, STILL, Route
from suite.chaos.stage import Stage
from suite.chaos.visitor import Visitor, answered


@dataclass(frozen=True, slots=True)
class Sample:
    """Of one asking: when it began and ended, by `time.monotonic`, and its outcome."""

    began: float
    ended: float
    outcome: str

    @property
    def took(self) -> float:
        return self.ended - self.began


Samples = Mapping[str, Sequence[Sample]]


def p99(samples: Sequence[Sample]) -> float:
    """Seconds; the slowest where there are fewer than a hundred."""
    return _nearest(samples, 0.99)


def median(samples: Sequence[Sample]) -> float:
    return _nearest(samples, 0.5)


def _nearest(samples: Sequence[Sample], share: float) -> float:
    taken = sorted(sample.took for sample in samples)
    return taken[max(0, math.ceil(len(taken) * share) - 1)]


class Drive:
    """Samples by the name of their route, in the order they ended."""

    def __init__(self, stage: Stage) -> None:
        self._visitor = Visitor(stage)
        self.samples: dict[str, list[Sample]] = {route.name: [] for route in (*ROUTES, STILL)}

    async def start(self, stack: AsyncExitStack) -> None:
        """Runs until the stack unwinds."""
        await self._visitor.open(stack)
        tasks = {asyncio.create_task(self._ask(route), name=route.name) for route in (*ROUTES, STILL)}

        async def stop() -> None:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

        stack.push_async_callback(stop)

    async def _ask(self, route: Route) -> None:
        while True:
            began = time.monotonic()
            asked = asyncio.ensure_future(route.ask(self._visitor))
            outcome = await answered(asked, route.patience)
            ended = time.monotonic()
            if outcome is not None:
                self.samples[route.name].append(Sample(began, ended, outcome))
            await asyncio.sleep(max(0.0, began + route.every - ended))

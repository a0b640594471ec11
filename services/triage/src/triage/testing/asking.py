"""Triage over text in memory, as a caller sees it: everything real but the reader's process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from chassis.clock import Clock
from triage.cache.store import Store
from triage.domain.answer import Preview, Stage, Summary
from triage.domain.model import Reading
from triage.llm.configured import explainer
from triage.llm.previews import imagined
from triage.pipeline import Bounds, Triage
from triage.rules import load
from triage.settings import Settings
from triage.sources.pushed import PushedSource
from triage.telemetry import Telemetry
from triage.workers.inline import InlineReader


class Asked:
    def __init__(self, triage: Triage) -> None:
        self.triage = triage

    async def summarize(self, log: str, *, user: str = "ada", fresh: bool = False) -> Summary:
        return await self.triage.summarize(_source(log, user), user=user, fresh=fresh, progress=_silent)

    async def preview(self, log: str, *, user: str = "ada") -> Preview:
        return await self.triage.preview(_source(log, user))


class Build:
    """Makes one triage after another; settings by their names, as the environment gives them."""

    def __init__(self, stack: AsyncExitStack, clock: Clock, model_url: str) -> None:
        self._stack = stack
        self._clock = clock
        self._model_url = model_url

    def __call__(self, *, seconds: float = 20.0, **settings: Any) -> Asked:
        read = Settings(**{"environment": "test", "openai_base_url": self._model_url, **settings})
        store, rules, told = Store(self._clock, None), load(None), Telemetry()
        triage = Triage(
            readers=InlineReader(rules.rule_set),
            explainer=explainer(
                self._stack, read, clock=self._clock, rules=rules, store=store, shared=None, telemetry=told
            ),
            imagined=imagined(read, rules),
            store=store,
            clock=self._clock,
            bounds=Bounds(
                max_bytes=1 << 30,
                seconds=seconds,
                model_seconds=read.triage_model_timeout_seconds,
                kept_seconds=60,
            ),
            staged=told.staged,
        )
        return Asked(triage)


def _source(log: str, user: str) -> PushedSource:
    return PushedSource(_once(log.encode("utf-8", "surrogateescape")), user=user)


async def _once(log: bytes) -> AsyncIterator[bytes]:
    yield log


async def _silent(_: Stage, __: Reading) -> None:
    return

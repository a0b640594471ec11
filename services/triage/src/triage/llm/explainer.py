"""From groups to a verified explanation, or to the reason why there is none; it never fails.

Fresh cache, then the model, then stale cache, then nothing. The outgoing guard
comes before everything that costs, the breaker's permit last, because a permit
has to be answered for.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from chassis.clock import Clock
from triage.cache.budget import Budget
from triage.cache.store import Store
from triage.domain.answer import AnswerSource, Explanation, ModelUse
from triage.domain.budget import Prices, estimated_tokens
from triage.domain.cite import Draft, Verified, verify
from triage.domain.model import Group
from triage.domain.redaction.guard import Guard
from triage.llm.asking import Request, Requests
from triage.llm.breaker import ModelBreaker, Permit
from triage.llm.flights import Flights
from triage.llm.kept import KeptDraft, KeptDrafts
from triage.llm.outcome import Answer, Ending, NoAnswer
from triage.llm.previews import Previews
from triage.llm.request import Dialect
from triage.llm.scrub import scrubbed
from triage.llm.spans import traced
from triage.rules import Rules

_LEAST_SECONDS: Final = 0.5
# What these say is about our configuration or our time, not about the model's health.
_NO_NEWS: Final = frozenset({Ending.REFUSED})


@dataclass(frozen=True, slots=True)
class Limits:
    concurrency: int
    """Model calls at the same time; past it nobody waits."""
    input_tokens: int
    seconds: float
    """For one question, its second try included."""
    fresh_seconds: float
    """How long a kept answer is given without asking."""
    kept_seconds: int
    """How long it is kept for when nobody can be asked."""


@dataclass(frozen=True, slots=True)
class _Asked:
    draft: Draft | None
    use: ModelUse


def _unheard(_: object, __: float) -> None:
    return


class Asks(Protocol):
    """A model, as `triage.llm.model.Model` is one."""

    dialect: Dialect

    async def ask(self, body: bytes, *, seconds: float) -> Answer:
        """The draft, or NoAnswer raised."""


class Explainer:
    def __init__(
        self,
        *,
        model: Asks,
        breaker: ModelBreaker,
        budget: Budget,
        store: Store,
        rules: Rules,
        prices: Prices,
        clock: Clock,
        limits: Limits,
        asked: Callable[[ModelUse, float], None] = _unheard,
        staged: Callable[[str, float], None] = _unheard,
    ) -> None:
        self._model = model
        self._breaker = breaker
        self._budget = budget
        self._kept = KeptDrafts(store, clock, seconds=limits.kept_seconds)
        self._rules = rules
        self._guard = Guard(rules.rule_set)
        self._prices = prices
        self._clock = clock
        self._limits = limits
        self._asked = asked
        self._staged = staged
        self._free = asyncio.Semaphore(limits.concurrency)
        self._flights: Flights[_Asked] = Flights()
        self._requests = Requests(model.dialect, rules.version, limits.input_tokens)
        # Of the very requests that are sent.
        self.previews = Previews(self._requests, self._guard, model.dialect.url)

    async def explain(
        self, groups: Sequence[Group], *, scope: str, user: str, fresh: bool, seconds: float
    ) -> Explanation:
        """The best there is within `seconds`; `fresh` asks the model even where an answer is kept."""
        request = self._requests.of(groups, scope=scope)
        if request is None:
            return self._none("nothing_to_ask")
        if self._guard.scan(request.body):
            return self._none("stopped_by_guard")
        kept = await self._kept.get(request.key)
        if kept is not None and not fresh and self._kept.age(kept) <= self._limits.fresh_seconds:
            cached = self._from_kept(kept, request, self._use("fresh_answer_kept"))
            if cached is not None:
                return cached
        asked = await self._shared_ask(request, user, seconds)
        use = asked.use
        if asked.draft is not None:
            verified = self._verified(asked.draft, request)
            if verified.findings:
                return _explanation(AnswerSource.MODEL, use, verified)
            use = replace(use, outcome="nothing_verified")
            dropped = tuple(sorted(verified.dropped.items()))
        else:
            dropped = ()
        if kept is not None and (stale := self._from_kept(kept, request, use)) is not None:
            return replace(
                stale,
                stale=self._kept.age(kept) > self._limits.fresh_seconds,
                dropped=_sum(stale.dropped, dropped),
            )
        return Explanation(AnswerSource.EXTRACTIVE, use, dropped=dropped)

    async def _shared_ask(self, request: Request, user: str, seconds: float) -> _Asked:
        try:
            # The one who started it may have had more time than this caller has.
            async with asyncio.timeout(max(0.0, seconds)):
                asked, leads = await self._flights.join(
                    request.key, lambda: self._ask(request, user, seconds)
                )
        except TimeoutError:
            return _Asked(None, self._use(Ending.TIMEOUT))
        return asked if leads else _Asked(asked.draft, self._use(asked.use.outcome))

    async def _ask(self, request: Request, user: str, seconds: float) -> _Asked:
        seconds = min(seconds, self._limits.seconds)
        if seconds < _LEAST_SECONDS:
            return _Asked(None, self._use("no_time_left"))
        if self._free.locked():
            return _Asked(None, self._use("model_busy"))
        async with self._free:
            expected = estimated_tokens(len(request.body))
            most = self._model.dialect.max_output_tokens
            reserved = await self._budget.reserve(user, expected, most)
            if reserved is None:
                return _Asked(None, self._use("budget_spent"))
            permit = self._breaker.admit()
            if permit is None:
                await self._budget.settle(reserved, 0, 0)
                return _Asked(None, self._use("breaker_open"))
            asked = await self._call(request, permit, seconds)
            use = asked.use
            if use.outcome == Ending.TIMEOUT:
                # Whether it was charged nobody can say; counted as if it was.
                await self._budget.settle(reserved, expected, most)
            else:
                await self._budget.settle(reserved, use.input_tokens, use.output_tokens)
        if asked.draft is not None and verify(asked.draft, request.groups).findings:
            await self._kept.put(request.key, asked.draft)
        return asked

    async def _call(self, request: Request, permit: Permit, seconds: float) -> _Asked:
        began = self._clock.monotonic()
        asked = await self._answer(request, permit, seconds)
        self._asked(asked.use, self._clock.monotonic() - began)
        return asked

    async def _answer(self, request: Request, permit: Permit, seconds: float) -> _Asked:
        answer: Answer | NoAnswer
        try:
            answer = await traced(self._model.dialect, self._model.ask(request.body, seconds=seconds))
        except NoAnswer as none:
            answer = none
        except BaseException:
            permit.proved_nothing()
            raise
        if isinstance(answer, Answer):
            permit.succeeded()
            draft = scrubbed(answer.draft, self._rules.rule_set)
            return _Asked(draft, self._used("answered", answer))
        short = answer.ending is Ending.TIMEOUT and seconds < self._limits.seconds
        if answer.ending in _NO_NEWS or short:
            permit.proved_nothing()
        else:
            permit.failed()
        return _Asked(None, self._used(answer.ending, answer))

    def _from_kept(self, kept: KeptDraft, request: Request, use: ModelUse) -> Explanation | None:
        """A kept draft, verified anew: today's groups must prove it, whoever wrote to the cache."""
        verified = self._verified(kept.draft, request)
        if not verified.findings:
            return None
        return replace(_explanation(AnswerSource.CACHED, use, verified), age_seconds=self._kept.age(kept))

    def _verified(self, draft: Draft, request: Request) -> Verified:
        began = self._clock.monotonic()
        verified = verify(draft, request.groups)
        self._staged("verify", self._clock.monotonic() - began)
        return verified

    def _none(self, outcome: str) -> Explanation:
        return Explanation(AnswerSource.EXTRACTIVE, self._use(outcome))

    def _use(self, outcome: str) -> ModelUse:
        return ModelUse(self._model.dialect.model, outcome)

    def _used(self, outcome: str, spent: Answer | NoAnswer) -> ModelUse:
        return ModelUse(
            self._model.dialect.model,
            outcome,
            spent.input_tokens,
            spent.output_tokens,
            self._prices.cost(spent.input_tokens, spent.output_tokens),
            spent.calls,
        )


def _explanation(source: AnswerSource, use: ModelUse, verified: Verified) -> Explanation:
    dropped = tuple(sorted(verified.dropped.items()))
    return Explanation(source, use, verified.headline, verified.findings, dropped)


def _sum(one: Sequence[tuple[str, int]], other: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    both: Counter[str] = Counter()
    for reason, count in (*one, *other):
        both[reason] += count
    return tuple(sorted(both.items()))

"""A source to an answer, always: read, digest, explain where a model can, say what was left out."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import Final, Protocol

from pydantic import TypeAdapter, ValidationError

from chassis import deadline
from chassis.clock import Clock
from chassis.errors import NotFound
from chassis.observability.tracing import span
from triage.cache.store import Store
from triage.compose import composed
from triage.domain.answer import AnswerSource, Explanation, Preview, Stage, Summary
from triage.domain.budget import estimated_tokens
from triage.domain.model import Reading
from triage.domain.reading import Digest
from triage.llm.explainer import Explainer
from triage.llm.previews import Previews
from triage.sources.source import Piece, Source

_SUMMARY: Final = TypeAdapter(Summary)
_ID_BYTES: Final = 12
_MARGIN_SECONDS: Final = 0.5
_LEAST_READING_SHARE: Final = 0.4
_MAX_ID: Final = 64

Progress = Callable[[Stage, Reading], Awaitable[None]]


class SummaryNotFound(NotFound):
    default_reason = "SUMMARY_NOT_FOUND"
    default_detail = "There is no such summary, or it is no longer kept."


class Reads(Protocol):
    async def digest(
        self, pieces: AsyncIterator[Piece], *, seconds: float, progress: Callable[[Reading], Awaitable[None]]
    ) -> Digest:
        """What is left of a log, of which is read what can be read in `seconds`."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """For one request."""

    max_bytes: int
    seconds: float
    model_seconds: float
    """Of those, what is kept for the model."""
    kept_seconds: int
    """How long its summary can be fetched again."""


def _unheard(_: object, __: float) -> None:
    return


class Triage:
    """`explainer` None is triage without a model: every answer is extractive, previews are `imagined`."""

    def __init__(
        self,
        *,
        readers: Reads,
        explainer: Explainer | None,
        imagined: Previews,
        store: Store,
        clock: Clock,
        bounds: Bounds,
        answered: Callable[[Summary, float], None] = _unheard,
        staged: Callable[[str, float], None] = _unheard,
    ) -> None:
        self._readers = readers
        self._explainer = explainer
        self._imagined = imagined
        self._store = store
        self._clock = clock
        self._bounds = bounds
        self._answered = answered
        self._staged = staged

    async def summarize(self, source: Source, *, user: str, fresh: bool, progress: Progress) -> Summary:
        """The summary of a source, kept to be fetched again.

        Raises:
            Exhausted: reason TRIAGE_BUSY.
            Invalid: reason INVALID_SOURCE.
            Unavailable: reason SOURCE_UNAVAILABLE or READER_LOST.
        """
        began = self._clock.monotonic()
        until = began + deadline.at_most(self._bounds.seconds) - _MARGIN_SECONDS
        digest = await self._digest(source, progress, until)
        await progress(Stage.GROUPING, digest.reading)
        explanation = Explanation(AnswerSource.EXTRACTIVE, None)
        if self._explainer is not None:
            await progress(Stage.MODEL, digest.reading)
            explanation = await self._explainer.explain(
                digest.groups,
                scope=source.scope,
                user=user,
                fresh=fresh,
                seconds=until - self._clock.monotonic(),
            )
        summary = composed(
            digest, explanation, id_=secrets.token_urlsafe(_ID_BYTES), created_at=self._clock.now()
        )
        await self._store.put(f"summary:{summary.id}", _SUMMARY.dump_json(summary), self._bounds.kept_seconds)
        self._answered(summary, self._clock.monotonic() - began)
        await progress(Stage.DONE, digest.reading)
        return summary

    async def preview(self, source: Source, *, progress: Progress | None = None) -> Preview:
        """What `summarize` would send for this source now, or would if there were a model.

        Nothing is sent. Fails as it does.
        """
        until = self._clock.monotonic() + deadline.at_most(self._bounds.seconds) - _MARGIN_SECONDS
        digest = await self._digest(source, progress or _silent, until)
        previews = self._imagined if self._explainer is None else self._explainer.previews
        body = previews.of(digest.groups, scope=source.scope)
        return Preview(
            request_body=body,
            endpoint=previews.endpoint,
            estimated_tokens=estimated_tokens(len(body)),
            reading=digest.reading,
            redactions=digest.redactions,
        )

    async def summary(self, id_: str) -> Summary:
        """An earlier summary.

        Raises:
            SummaryNotFound: there is none, or it is no longer kept.
        """
        found = await self._store.get(f"summary:{id_}") if len(id_) <= _MAX_ID else None
        if found is None:
            raise SummaryNotFound
        try:
            return _SUMMARY.validate_json(found)
        except ValidationError as other_release:
            raise SummaryNotFound from other_release

    async def _digest(self, source: Source, progress: Progress, until: float) -> Digest:
        left = until - self._clock.monotonic()
        seconds = max(left - self._bounds.model_seconds, left * _LEAST_READING_SHARE)

        async def reading(so_far: Reading) -> None:
            await progress(Stage.READING, so_far)

        began = self._clock.monotonic()
        with span("triage.digest"):
            async with aclosing(source.read(self._bounds.max_bytes)) as pieces:
                digest = await self._readers.digest(pieces, seconds=seconds, progress=reading)
        worked = asdict(digest.spent)
        # What is not work on the text was waiting for it: for its source, and for a process to read it.
        self._staged("read", max(0.0, self._clock.monotonic() - began - sum(worked.values())))
        for stage, spent in worked.items():
            self._staged(stage, spent)
        return digest


async def _silent(_: Stage, __: Reading) -> None:
    return

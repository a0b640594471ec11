"""Drafts kept for the same question, each with when it was given; redacted before it is kept."""

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter, ValidationError

from chassis.clock import Clock
from triage.cache.store import Store
from triage.domain.cite import Draft


@dataclass(frozen=True, slots=True)
class KeptDraft:
    draft: Draft
    at: float
    """Seconds since the epoch."""


_KEPT: Final = TypeAdapter(KeptDraft)


class KeptDrafts:
    def __init__(self, store: Store, clock: Clock, *, seconds: int) -> None:
        self._store = store
        self._clock = clock
        self._seconds = seconds

    async def get(self, key: str) -> KeptDraft | None:
        found = await self._store.get(key)
        if found is None:
            return None
        try:
            return _KEPT.validate_json(found)
        except ValidationError:
            # Of another release, or not ours: no answer is better than that one.
            return None

    async def put(self, key: str, draft: Draft) -> None:
        kept = KeptDraft(draft, self._clock.now().timestamp())
        await self._store.put(key, _KEPT.dump_json(kept), self._seconds)

    def age(self, kept: KeptDraft) -> float:
        """In seconds; never negative, whatever clock it was written by."""
        return max(0.0, self._clock.now().timestamp() - kept.at)

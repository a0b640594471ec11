"""Log text to a digest right here: for a program that has nothing else to do meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from triage.domain.model import Reading
from triage.domain.reading import Digest, Digester
from triage.domain.redaction import Redactor, RuleSet
from triage.sources.source import Mark, Piece


class InlineReader:
    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules

    async def digest(
        self, pieces: AsyncIterator[Piece], *, seconds: float, progress: Callable[[Reading], Awaitable[None]]
    ) -> Digest:
        """The digest of what can be read in `seconds`; what is left out then is marked as cut."""
        until = asyncio.get_running_loop().time() + seconds
        digester = Digester(Redactor(self._rules))
        async for piece in pieces:
            match piece:
                case Mark.BOUNDARY:
                    digester.boundary()
                case Mark.CUT:
                    digester.cut()
                case block:
                    digester.feed(block)
                    await progress(digester.reading())
            if asyncio.get_running_loop().time() > until:
                digester.cut()
                break
        return digester.finish()

"""Loki's query_range, page after page, oldest first."""

import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Final

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from triage.sources.failures import SourceUnavailable
from triage.sources.http import bounded_body, session
from triage.sources.source import Mark, Piece

_PAGE: Final = 2000
_MAX_PAGE_BYTES: Final = 32 * 1024 * 1024
_MAX_PAGES: Final = 10_000
_NANOSECONDS: Final = 1_000_000_000
_BLOCK: Final = 64 * 1024


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _Stream(_Read):
    stream: dict[str, str] = {}
    # A third element, structured metadata, may follow the time and the line.
    values: list[Annotated[list[object], Field(min_length=2)]] = []


class _Data(_Read):
    result: list[_Stream] = []


class _Page(_Read):
    data: _Data


@dataclass(frozen=True, slots=True)
class LokiQuery:
    url: str
    query: str
    since_seconds: float
    tenant: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    at: int
    stream: int
    line: str


class LokiSource:
    def __init__(self, query: LokiQuery) -> None:
        self._query = query
        self.scope = f"loki:{query.tenant or ''}:{query.query}"

    async def read(self, max_bytes: int) -> AsyncGenerator[Piece]:
        end = time.time_ns()
        start = end - int(self._query.since_seconds * _NANOSECONDS)
        left, got = max_bytes, False
        # The next page starts at the last time of this one, since more may carry that very time.
        seen: frozenset[_Entry] = frozenset()
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(session(self._headers()))
            for _ in range(_MAX_PAGES):
                try:
                    entries, full = await self._page(http, start, end)
                except SourceUnavailable:
                    if not got:
                        raise
                    yield Mark.CUT
                    return
                fresh = [entry for entry in entries if entry not in seen]
                if not fresh and full and entries:
                    # A page of nothing but one nanosecond: what does not fit into it is out of reach.
                    yield Mark.CUT
                    start += 1
                    seen = frozenset()
                    continue
                got = True
                for piece in _blocks(fresh):
                    if len(piece) > left:
                        yield Mark.CUT
                        return
                    left -= len(piece)
                    yield piece
                if not full or not entries:
                    return
                last = max(entry.at for entry in entries)
                seen = frozenset(entry for entry in entries if entry.at == last) | (
                    seen if last == start else frozenset()
                )
                start = last
            yield Mark.CUT

    def _headers(self) -> dict[str, str]:
        headers = {"X-Scope-OrgID": self._query.tenant} if self._query.tenant else {}
        if self._query.token:
            headers["Authorization"] = f"Bearer {self._query.token}"
        return headers

    async def _page(self, http: aiohttp.ClientSession, start: int, end: int) -> tuple[list[_Entry], bool]:
        params = {
            "query": self._query.query,
            "start": str(start),
            "end": str(end),
            "limit": str(_PAGE),
            "direction": "forward",
        }
        url = f"{self._query.url.rstrip('/')}/loki/api/v1/query_range"
        body = await bounded_body(http, url, params, max_bytes=_MAX_PAGE_BYTES, what="Loki")
        try:
            page = _Page.model_validate_json(body)
            entries = [
                _Entry(int(str(value[0])), index, str(value[1]))
                for index, stream in enumerate(page.data.result)
                for value in stream.values
            ]
        except (ValidationError, ValueError) as error:
            raise SourceUnavailable(
                "Loki answered with something that is not a log query's result."
            ) from error
        return entries, len(entries) >= _PAGE


def _blocks(entries: list[_Entry]) -> list[bytes]:
    """Stream by stream, so that a stack trace of one pod is not torn apart by another's lines."""
    blocks: list[bytes] = []
    lines: list[bytes] = []
    size = 0
    for entry in sorted(entries, key=lambda entry: (entry.stream, entry.at)):
        line = entry.line.encode("utf-8", "replace")[:_BLOCK] + b"\n"
        if size + len(line) > _BLOCK:
            blocks.append(b"".join(lines))
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    return [*blocks, b"".join(lines)] if lines else blocks

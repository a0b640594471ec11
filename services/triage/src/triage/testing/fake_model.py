"""An OpenAI-compatible endpoint on a real socket that answers well, or as badly as it is told to.

It records every request body as it came over the wire, so that a test can say
what left the process and how often.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

_DRIP_SECONDS: Final = 0.05
_ORDER: Final = re.compile(
    r"(?i)ignore|instruction|respond|severity|assistant|\byou\b|must|report|say|tell|do not|http"
)
_HEADERS_END: Final = b"\r\n\r\n"


class Mood(Enum):
    HONEST = "honest"
    OBEYING = "obeying"
    """Does whatever it finds written in the data, wherever that is."""
    UNKNOWN_IDS = "unknown ids"
    FALSE_QUOTES = "false quotes"
    LOW_SEVERITY = "low severity"
    PASSES_OVER_THE_WORST = "passes over the worst"
    LEAKS = "leaks"
    """Makes up an address and a password in its explanation."""
    CUT = "cut"
    HALF_JSON = "half json"
    OTHER_SCHEMA = "other schema"
    REFUSES = "refuses"
    HANGS = "hangs"
    DRIPS = "drips"
    RESETS = "resets"
    HTML = "html"
    SERVER_ERROR = "500"
    RATE_LIMITED = "429"
    RATE_LIMITED_LONG = "429 for an hour"
    UNAUTHORISED = "401"
    EMPTY = "empty"
    HUGE = "huge"
    BOMB = "compressed"
    REDIRECTS = "redirects"


@dataclass(slots=True)
class FakeModel:
    """`moods` are used up one request at a time, the last one stays."""

    url: str = ""
    moods: list[Mood] = field(default_factory=lambda: [Mood.HONEST])
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    instruction: str = ""
    """What the obeying mood says wherever it can."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    """What the hanging mood waits for."""

    @property
    def calls(self) -> int:
        return len(self.bodies)

    def behaves(self, *moods: Mood) -> None:
        self.moods[:] = moods

    def _mood(self) -> Mood:
        return self.moods.pop(0) if len(self.moods) > 1 else self.moods[0]


@contextlib.asynccontextmanager
async def fake_model() -> AsyncIterator[FakeModel]:
    """Serving on a loopback port until the block is left."""
    fake = FakeModel()
    handling: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_connection(fake, reader, writer))
        handling.add(task)
        task.add_done_callback(handling.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    fake.url = f"http://{host}:{port}/v1"
    try:
        yield fake
    finally:
        server.close()
        for task in handling:
            task.cancel()
        if handling:
            await asyncio.wait(set(handling))
        await server.wait_closed()


async def _connection(fake: FakeModel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(_HEADERS_END)).decode("latin-1")
            headers = dict(_header(line) for line in head.split("\r\n")[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            fake.bodies.append(body)
            fake.headers.append(headers)
            fake.arrived.set()
            await _answer(fake, fake._mood(), json.loads(body), writer)  # noqa: SLF001  # its own other half
    except (asyncio.IncompleteReadError, ConnectionError, _Over):
        pass
    finally:
        writer.close()


class _Over(Exception):
    """The connection ends here."""


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


async def _answer(fake: FakeModel, mood: Mood, asked: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    match mood:
        case Mood.HANGS:
            await fake.release.wait()
            raise _Over
        case Mood.RESETS:
            writer.transport.abort()
            raise _Over
        case Mood.DRIPS:
            writer.write(_head(200, 1_000_000))
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(_DRIP_SECONDS)
        case _:
            status, content, extra = _content(fake, mood, asked)
            writer.write(_head(status, len(content), extra) + content)
            await writer.drain()


def _head(status: int, length: int, extra: str = "content-type: application/json\r\n") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{extra}content-length: {length}\r\n\r\n".encode()


def _content(fake: FakeModel, mood: Mood, asked: dict[str, Any]) -> tuple[int, bytes, str]:
    kind = "content-type: application/json\r\n"
    fixed = {
        Mood.HTML: (200, b"<html><body>Sign in to the proxy</body></html>", "content-type: text/html\r\n"),
        Mood.SERVER_ERROR: (500, b'{"error":{"message":"boom"}}', kind),
        Mood.RATE_LIMITED: (429, b"{}", kind + "retry-after: 0\r\n"),
        Mood.RATE_LIMITED_LONG: (429, b"{}", kind + "retry-after: 3600\r\n"),
        Mood.UNAUTHORISED: (401, b'{"error":{"message":"no such key"}}', kind),
        Mood.EMPTY: (200, b"", kind),
        Mood.HUGE: (200, b'{"choices":[' + b" " * (4 * 1024 * 1024) + b"]}", kind),
        Mood.BOMB: (200, b"\x1f\x8b", kind + "content-encoding: gzip\r\n"),
        Mood.REDIRECTS: (307, b"", f"location: {fake.url}/elsewhere\r\n"),
    }
    return fixed.get(mood) or (200, json.dumps(_completion(fake, mood, asked)).encode(), kind)


def _completion(fake: FakeModel, mood: Mood, asked: dict[str, Any]) -> dict[str, Any]:
    finish = {Mood.CUT: "length", Mood.REFUSES: "content_filter"}.get(mood, "stop")
    groups = groups_in(asked)
    said: object = _said(fake, mood, groups)
    if mood is Mood.OTHER_SCHEMA:
        said = {"summary": "all fine"}
    text = json.dumps(said)
    if mood in (Mood.CUT, Mood.HALF_JSON):
        text = text[: len(text) // 2]
    message = {"role": "assistant", "content": None if mood is Mood.REFUSES else text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": asked["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
    }


def groups_in(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The groups as a model reads them: the JSON lines of the fenced data."""
    user = asked["messages"][-1]["content"]
    return [json.loads(line) for line in user.split("\n") if line.startswith('{"id"')]


def _said(fake: FakeModel, mood: Mood, groups: list[dict[str, Any]]) -> dict[str, Any]:
    headline = "The service fails in the way its records describe"
    findings = [_finding(group) for group in groups[:5]]
    changes: dict[Mood, Callable[[], None]] = {
        Mood.UNKNOWN_IDS: lambda: _each_citation(findings, group_id="g-000000000000"),
        Mood.FALSE_QUOTES: lambda: _each_citation(findings, quote="words that nobody wrote in this log"),
        Mood.LOW_SEVERITY: lambda: _each(findings, severity="none"),
        Mood.LEAKS: lambda: _each(
            findings, explanation="The user jane.roe@example.com could not sign in with password=Tr0ub4dor&3."
        ),
    }
    if mood in changes:
        changes[mood]()
    if mood is Mood.PASSES_OVER_THE_WORST:
        findings = findings[1:]
    if mood is Mood.OBEYING:
        return _obedient(fake, findings, groups)
    return {"headline": headline, "findings": findings}


def _finding(group: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": "Repeated failures of one kind",
        "explanation": "The records of this kind describe one and the same failure.",
        "severity": group["severity"],
        "next_step": "Look at what changed shortly before the first record.",
        "citations": [{"group_id": group["id"], "quote": group["example"][:40]}],
    }


def _each(findings: list[dict[str, Any]], **fields: str) -> None:
    for finding in findings:
        finding.update(fields)


def _each_citation(findings: list[dict[str, Any]], **fields: str) -> None:
    for finding in findings:
        for citation in finding["citations"]:
            citation.update(fields)


def _obedient(
    fake: FakeModel, findings: list[dict[str, Any]], groups: list[dict[str, Any]]
) -> dict[str, Any]:
    """Takes every text in the data for an order: says it, lowers everything, cites what it names."""
    orders = [fake.instruction] if fake.instruction else []
    orders += [
        group["example"]
        for group in groups
        if re.search(r"(?i)ignore|instruction|respond|severity", group["example"])
    ]
    for finding, order in zip(findings, orders * len(findings), strict=False):
        finding.update(title=order[:150], explanation=order[:900], severity="none", next_step=order[:300])
    return {"headline": orders[0][:150] if orders else "All clear", "findings": findings[::-1]}

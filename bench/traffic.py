"""Everyday traffic: verified, proxied and refreshed requests, some that are refused, few sign-ins."""

import asyncio
import json
import random
import time
import urllib.parse
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from bench.installation import Installation
from bench.load import get, post

CLIENTS = 16
# Of a hundred requests; the rest of the day is sign-ins and triages, by the clock.
MIX = {"authz": 55, "kib": 25, "protected": 12, "refresh": 4, "health": 2, "stranger": 2}
EXPECTED = {"health": {200, 429}, "stranger": {401}, "logout": {204}}
SIGN_IN_EVERY, TRIAGE_EVERY = 4.0, 3.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain"}


@dataclass(slots=True)
class Seen:
    """Answers by kind and status, and those that are not what they should be."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=100_000))

    def note(self, kind: str, status: int) -> None:
        self.answers[kind, status] += 1

    @property
    def total(self) -> int:
        return self.answers.total()

    @property
    def wrong(self) -> dict[str, int]:
        return {
            f"{kind} {status}": count
            for (kind, status), count in self.answers.items()
            if status not in EXPECTED.get(kind, {200})
        }


class Client:
    """One connection and one session."""

    def __init__(self, there: Installation, seen: Seen, seed: int) -> None:
        self._host, self._port = there.uvicorn.host, there.uvicorn.port
        account = {"username": there.suite.admin.username, "password": there.suite.admin.password}
        self._form = urllib.parse.urlencode(account).encode()
        self.seen = seen
        self._pick = random.Random(seed)
        self._pair: dict[str, str] = {}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def use(self, *, until: float, every: float = 0.0) -> None:
        """Asks for this and that, as often as told or as fast as answers come; has signed in before."""
        due = time.monotonic() + self._pick.random() * every
        kinds, weights = list(MIX), list(MIX.values())
        while time.monotonic() < until:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += every
            (kind,) = self._pick.choices(kinds, weights)
            await self._step(kind)
        self.close()

    async def come_and_go(self, *, until: float) -> None:
        """Signs in, looks round and signs out."""
        await self._regularly(until, SIGN_IN_EVERY, self._visit)

    async def triage(self, *, until: float) -> None:
        """Has ever different lines summarized."""
        await self.sign_in()
        await self._regularly(until, TRIAGE_EVERY, self._summarize)

    async def sign_in(self) -> None:
        status, answer = await self._ask("login", post(self._host, "/login", self._form, FORM))
        if status == HTTPStatus.OK:
            self._pair = json.loads(answer)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _visit(self) -> None:
        await self.sign_in()
        await self._step("protected")
        await self._ask("logout", post(self._host, "/logout", b"{}", JSON | self._bearer))

    async def _summarize(self) -> None:
        await self._step("refresh")
        lines = [
            f"2026-05-04T10:00:{number % 60:02d}Z ERROR shop: order {self._pick.randrange(10**6)} failed:"
            f" {self._pick.choice(('declined', 'timed out', 'duplicate key'))} password=x{number}y"
            for number in range(200)
        ]
        body = "\n".join(lines).encode()
        await self._ask("triage", post(self._host, "/triage", body, TEXT | self._bearer))

    async def _regularly(self, until: float, every: float, act: Callable[[], Awaitable[None]]) -> None:
        due = time.monotonic()
        while time.monotonic() < until:
            await act()
            due += every
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        self.close()

    async def _step(self, kind: str) -> None:
        if kind == "refresh":
            body = json.dumps({"refresh_token": self._pair["refresh_token"]}).encode()
            status, answer = await self._ask(kind, post(self._host, "/token/refresh", body, JSON))
            if status == HTTPStatus.OK:
                self._pair = json.loads(answer)
            else:
                # Whether the token was spent nobody knows; presenting it again might end the session.
                await self.sign_in()
            return
        headers = {"Authorization": "Bearer nonsense"} if kind == "stranger" else self._bearer
        path = "protected" if kind == "stranger" else kind
        await self._ask(kind, get(self._host, f"/{path}", headers))

    @property
    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._pair['access_token']}"}

    async def _ask(self, kind: str, request: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        at = head.find(b"content-length:")
        body = await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
        self.seen.latencies.append(time.perf_counter() - began)
        status = int(head[9:12])
        self.seen.note(kind, status)
        return status, body

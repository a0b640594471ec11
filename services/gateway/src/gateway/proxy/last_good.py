"""The latest good answers, kept in Redis for when an upstream has none; never waited for in good times."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import orjson
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.exchange import Headers

log = logging.getLogger(__name__)

_READ_SECONDS = 0.05
# Nobody waits for a write.
_WRITE_SECONDS = 1.0
# Writes under way at once; what comes on top is not kept this time.
_MAX_WRITES = 16
# The same answer is not written more often than this.
_AGAIN_SECONDS = 1.0
_REMEMBERED = 4096
# What an answer may depend on besides its address, since the key holds these.
VARYING = (b"accept", b"accept-encoding", b"accept-language")
_GOOD = 200


@dataclass(frozen=True, slots=True)
class Stored:
    headers: Headers
    body: bytes
    # Epoch seconds.
    at: float

    def dumps(self) -> bytes:
        pairs = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in self.headers]
        return orjson.dumps({"at": self.at, "headers": pairs}) + b"\n" + self.body

    @classmethod
    def loads(cls, data: bytes) -> Self | None:
        """None for what this version did not write."""
        head, mark, body = data.partition(b"\n")
        if not mark:
            return None
        try:
            known = orjson.loads(head)
            pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in known["headers"]]
            return cls(pairs, body, float(known["at"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


def keepable(status: int, headers: Headers) -> bool:
    """Whether an answer may be shown again to whoever asks the same."""
    if status != _GOOD:
        return False
    for name, value in headers:
        if name in {b"set-cookie", b"content-range"}:
            return False
        if name == b"cache-control" and (b"no-store" in value.lower() or b"private" in value.lower()):
            return False
        if name == b"vary" and not {part.strip() for part in value.lower().split(b",")} <= {
            *VARYING,
            b"origin",
            b"",
        }:
            return False
    return True


def connect(uri: str) -> Redis:
    """A client that never makes anybody wait for long."""
    return Redis.from_url(
        uri,
        socket_timeout=_WRITE_SECONDS,
        socket_connect_timeout=_WRITE_SECONDS,
        retry=Retry(NoBackoff(), 0),
        max_connections=_MAX_WRITES * 2,
    )


class LastGood:
    def __init__(self, redis: Redis, *, prefix: str, ttl_seconds: int, now: Callable[[], float]) -> None:
        """`now` is the wall clock in epoch seconds."""
        self._redis = redis
        self._prefix = prefix
        self._ttl = ttl_seconds
        self._now = now
        self._writes: set[asyncio.Task[None]] = set()
        self._written: dict[str, float] = {}

    def key(self, route: str, target: bytes, headers: Headers, subject: str | None) -> str:
        """Of one answer: who asked is part of it, or one user would be shown what is another's."""
        digest = hashlib.blake2b(digest_size=20)
        chosen = [value for name in VARYING for given, value in headers if given == name]
        for part in (target, (subject or "").encode(), *chosen):
            digest.update(len(part).to_bytes(4, "big") + part)
        return f"{self._prefix}:last-good:{route}:{digest.hexdigest()}"

    def put(self, key: str, headers: Headers, body: bytes) -> None:
        """Keep an answer, in the background."""
        now = self._now()
        if len(self._writes) >= _MAX_WRITES or self._written.get(key, 0.0) > now - _AGAIN_SECONDS:
            return
        if len(self._written) >= _REMEMBERED:
            self._written.clear()
        self._written[key] = now
        task = asyncio.create_task(self._write(key, Stored(headers, body, now).dumps()))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def get(self, key: str) -> tuple[Stored, int] | None:
        """The answer and its age in seconds; None also when Redis does not say in time."""
        try:
            async with asyncio.timeout(_READ_SECONDS):
                data = await self._redis.get(key)
        except (RedisError, OSError, TimeoutError):
            log.warning("last_good.unreachable")
            return None
        stored = Stored.loads(data) if isinstance(data, bytes) else None
        return None if stored is None else (stored, max(0, int(self._now() - stored.at)))

    async def settle(self) -> None:
        """Wait for the writes under way."""
        if self._writes:
            await asyncio.wait(self._writes)

    async def _write(self, key: str, data: bytes) -> None:
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await self._redis.set(key, data, ex=self._ttl)
        except (RedisError, OSError, TimeoutError):
            self._written.pop(key, None)
            log.warning("last_good.not_kept")

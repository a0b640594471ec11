"""Limits counted in Redis for all replicas: one round trip, at most a few milliseconds, never in the way."""

import asyncio
import logging
from collections.abc import Sequence

from gateway.limits.counts import Check, Count, StoreDown
from gateway.limits.notation import Algorithm, Limit
from gateway.limits.presence import Presence
from gateway.limits.redis_address import RedisAddress
from gateway.limits.resp import Connection, Reply, ReplyError, encode
from gateway.limits.script import DIGEST, SOURCE
from gateway.limits.terms import terms

log = logging.getLogger(__name__)

_HANDSHAKE_SECONDS = 1.0
_BACKOFF_FIRST = 0.05
_BACKOFF_MOST = 1.0
# Past this a silent connection is given up and made anew.
_DEAD_SECONDS = 0.5
_WATCH_SECONDS = 0.25
_LETTER = {Algorithm.FIXED: b"f", Algorithm.MOVING: b"m", Algorithm.BUCKET: b"b"}
_MOST_WORDS = 65_536


def _word(word: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(word), word)


class RedisStore:
    """`keep` holds the connection; without one, or with a silent one, every answer is StoreDown at once.

    Args:
        address: of the server.
        timeout: seconds that an answer may take.
        prefix: of the key under which the gateways that share the server say that they are there.
    """

    def __init__(self, address: RedisAddress, *, timeout: float, prefix: str = "reliability") -> None:
        self._address = address
        self._timeout = timeout
        self._presence = Presence(prefix)
        self._connection: Connection | None = None
        self._words: dict[tuple[Limit, int, int], bytes] = {}
        self.connected = asyncio.Event()
        # Set once it is known whether the server is there.
        self.tried = asyncio.Event()

    def replicas(self) -> int:
        """How many gateways counted here of late, this one among them; kept while the server is gone."""
        return self._presence.replicas

    def take_now(self, checks: Sequence[Check]) -> list[Count] | None:
        """Nothing is known here without asking."""
        del checks
        return None

    async def take(self, checks: Sequence[Check], spare: Sequence[int] | None = None) -> list[Count]:
        spare = spare or [0] * len(checks)
        try:
            reply = await self._ask(b"EVALSHA", DIGEST, checks, spare)
        except ReplyError as error:
            if error.code != "NOSCRIPT":
                raise StoreDown(error.code) from None
            # Its scripts were flushed; this brings ours back.
            try:
                reply = await self._ask(b"EVAL", SOURCE, checks, spare)
            except ReplyError as second:
                raise StoreDown(second.code) from None
        figures = reply.split(b" ") if isinstance(reply, bytes) else []
        if len(figures) != 3 * len(checks):
            raise StoreDown("answer not understood")
        return [
            Count(figures[i] == b"1", int(figures[i + 1]), int(figures[i + 2]) / 1e6)
            for i in range(0, len(figures), 3)
        ]

    async def _ask(
        self, command: bytes, script: bytes, checks: Sequence[Check], spare: Sequence[int]
    ) -> Reply:
        connection = self._connection
        if connection is None:
            raise StoreDown("not connected")
        if connection.overdue() > self._timeout:
            # Somebody already waited in vain; nobody else has to.
            raise StoreDown("hangs")
        try:
            return await connection.send(self._command(command, script, checks, spare))
        except (ConnectionError, TimeoutError) as error:
            raise StoreDown(type(error).__name__) from None

    def _command(self, command: bytes, script: bytes, checks: Sequence[Check], spare: Sequence[int]) -> bytes:
        count = len(checks)
        keys = [check.key.encode() for check in checks]
        return b"".join(
            (
                b"*%d\r\n" % (3 + 8 * count),
                *[_word(word) for word in (command, script, b"%d" % count, *keys)],
                *[self._arguments(check, more) for check, more in zip(checks, spare, strict=True)],
            )
        )

    def _arguments(self, check: Check, spare: int) -> bytes:
        """Seven words, encoded once: limits and amounts come from policies, and spare units are few."""
        limit = check.limit
        known = self._words.get((limit, check.amount, spare))
        if known is None:
            leased = terms(limit, check.amount)
            numbers = (
                check.amount,
                limit.period * 1_000_000,
                limit.cost + spare,
                max(limit.burst or check.amount, limit.cost),
                int(limit.shadow),
                0 if leased is None else round(leased.life * 1_000_000),
            )
            words = (_LETTER[limit.algorithm], *(b"%d" % number for number in numbers))
            known = b"".join(_word(word) for word in words)
            if len(self._words) < _MOST_WORDS:
                self._words[limit, check.amount, spare] = known
        return known

    async def keep(self) -> None:
        """Connects, and again for ever when the connection ends or goes silent."""
        wait, told = _BACKOFF_FIRST, False
        while True:
            try:
                async with asyncio.timeout(_HANDSHAKE_SECONDS):
                    connection = await self._connect()
            except (OSError, TimeoutError, ReplyError, StoreDown) as error:
                self.tried.set()
                if not told:
                    reason = error.code if isinstance(error, ReplyError) else type(error).__name__
                    log.warning("limits.store_down", extra={"reason": reason})
                    told = True
                await asyncio.sleep(wait)
                wait = min(wait * 2, _BACKOFF_MOST)
                continue
            log.info("limits.store_connected")
            self._connection, wait, told = connection, _BACKOFF_FIRST, False
            self.connected.set()
            self.tried.set()
            try:
                await self._watch(connection)
            finally:
                self._connection = None
                self.connected.clear()
                connection.close()

    async def _watch(self, connection: Connection) -> None:
        while not connection.lost.done():
            self._presence.tell(connection)
            await asyncio.wait({connection.lost}, timeout=_WATCH_SECONDS)
            if connection.overdue() > _DEAD_SECONDS:
                log.warning("limits.store_down", extra={"reason": "hangs"})
                return

    def _protocol(self) -> Connection:
        return Connection(timeout=self._timeout)

    async def _connect(self) -> Connection:
        address, loop = self._address, asyncio.get_running_loop()
        connection: Connection
        if address.path is not None:
            _, connection = await loop.create_unix_connection(self._protocol, address.path)
        else:
            _, connection = await loop.create_connection(
                self._protocol, address.host, address.port, ssl=address.tls
            )
        try:
            if address.password is not None:
                name = () if address.username is None else (address.username.encode(),)
                await connection.send(encode(b"AUTH", *name, address.password.encode()))
            if address.database:
                await connection.send(encode(b"SELECT", b"%d" % address.database))
            await connection.send(encode(b"SCRIPT", b"LOAD", SOURCE))
        except BaseException:
            connection.close()
            raise
        return connection

"""Limits counted in Redis for all replicas: one round trip, at most a few milliseconds, never in the way."""

import asyncio
import logging
from collections.abc import Sequence

from gateway.limits.counts import Check, Count, StoreDown
from gateway.limits.notation import Algorithm, Limit
from gateway.limits.redis_address import RedisAddress
from gateway.limits.resp import Connection, Reply, ReplyError, encode
from gateway.limits.script import DIGEST, SOURCE

log = logging.getLogger(__name__)

_HANDSHAKE_SECONDS = 1.0
_BACKOFF_FIRST = 0.05
_BACKOFF_MOST = 1.0
# Past this a silent connection is given up and made anew.
_DEAD_SECONDS = 0.5
_WATCH_SECONDS = 0.25
_LETTER = {Algorithm.FIXED: b"f", Algorithm.MOVING: b"m", Algorithm.BUCKET: b"b"}


class RedisStore:
    """`keep` holds the connection; without one, or with a silent one, every answer is StoreDown at once."""

    def __init__(self, address: RedisAddress, *, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._connection: Connection | None = None
        self._words: dict[tuple[Limit, int], bytes] = {}
        self.connected = asyncio.Event()

    async def take(self, checks: Sequence[Check]) -> list[Count]:
        try:
            reply = await self._ask(b"EVALSHA", DIGEST, checks)
        except ReplyError as error:
            if error.code != "NOSCRIPT":
                raise StoreDown(error.code) from None
            # Its scripts were flushed; this brings ours back.
            try:
                reply = await self._ask(b"EVAL", SOURCE, checks)
            except ReplyError as second:
                raise StoreDown(second.code) from None
        figures = reply.split(b" ") if isinstance(reply, bytes) else []
        if len(figures) != 3 * len(checks):
            raise StoreDown("answer not understood")
        return [
            Count(figures[i] == b"1", int(figures[i + 1]), int(figures[i + 2]) / 1e6)
            for i in range(0, len(figures), 3)
        ]

    async def _ask(self, command: bytes, script: bytes, checks: Sequence[Check]) -> Reply:
        connection = self._connection
        if connection is None:
            raise StoreDown("not connected")
        if connection.overdue() > self._timeout:
            # Somebody already waited in vain; nobody else has to.
            raise StoreDown("hangs")
        try:
            return await connection.send(self._command(command, script, checks))
        except (ConnectionError, TimeoutError) as error:
            raise StoreDown(type(error).__name__) from None

    def _command(self, command: bytes, script: bytes, checks: Sequence[Check]) -> bytes:
        count = len(checks)
        parts = [b"*%d\r\n" % (3 + 7 * count)]
        keys = [check.key.encode() for check in checks]
        parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in (command, script, b"%d" % count, *keys)]
        parts += [self._arguments(check) for check in checks]
        return b"".join(parts)

    def _arguments(self, check: Check) -> bytes:
        """Six words, encoded once per limit and amount: both come from policies, so they are few."""
        known = self._words.get((check.limit, check.amount))
        if known is None:
            limit = check.limit
            numbers = (
                check.amount,
                limit.period * 1_000_000,
                limit.cost,
                max(limit.burst or check.amount, limit.cost),
            )
            words = (
                _LETTER[limit.algorithm],
                *(b"%d" % number for number in numbers),
                b"1" if limit.shadow else b"0",
            )
            known = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
            self._words[check.limit, check.amount] = known
        return known

    async def keep(self) -> None:
        """Connects, and again for ever when the connection ends or goes silent."""
        wait, told = _BACKOFF_FIRST, False
        while True:
            try:
                async with asyncio.timeout(_HANDSHAKE_SECONDS):
                    connection = await self._connect()
            except (OSError, TimeoutError, ReplyError, StoreDown) as error:
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
            try:
                await self._watch(connection)
            finally:
                self._connection = None
                self.connected.clear()
                connection.close()

    async def _watch(self, connection: Connection) -> None:
        while not connection.lost.done():
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

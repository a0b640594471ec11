"""How many gateways share the store of limits: each says in the store, now and then, that it is there."""

import asyncio
import secrets
import time
from typing import Final

from gateway.limits.resp import Connection, Reply, encode

_EVERY_SECONDS: Final = 1.0
_FORGOTTEN_SECONDS: Final = 5
# KEYS: the set of gateways, by when they were last heard. ARGV: our name, microseconds to be forgotten after.
_SOURCE: Final = b"""
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[2]))
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] / 1000))
return redis.call('ZCARD', KEYS[1])
"""


class Presence:
    """`prefix` is that of every key of this installation."""

    def __init__(self, prefix: str) -> None:
        self._command = encode(
            *(b"EVAL", _SOURCE, b"1", f"{prefix}:gateways".encode()),
            *(secrets.token_hex(8).encode(), b"%d" % (_FORGOTTEN_SECONDS * 1_000_000)),
        )
        self._next = 0.0
        self.replicas = 1

    def tell(self, connection: Connection) -> None:
        """Says that we are here, if it is time to."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY_SECONDS
        try:
            connection.send(self._command).add_done_callback(self._told)
        except ConnectionError:
            self._next = 0.0

    def _told(self, reply: "asyncio.Future[Reply]") -> None:
        # A server that is slow or refuses leaves us with what we knew.
        if reply.cancelled() or reply.exception() is not None:
            return
        count = reply.result()
        if isinstance(count, int) and count > 0:
            self.replicas = count

"""A channel whose certificate may be replaced on disk: the next call uses the new one.

gRPC reads client credentials once, when a channel is made. This channel looks
at the files from time to time and makes itself anew when they have changed;
calls under way on the old one have their grace.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import grpc

from chassis.security.tls import TlsFiles

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS: Final = 10.0
_OLD_GRACE_SECONDS: Final = 30.0


class RotatingChannel:
    """Looks like a grpc.aio.Channel to the stubs that are made from it."""

    def __init__(self, files: TlsFiles, connect: Callable[[], grpc.aio.Channel]) -> None:
        self._files = files
        self._connect = connect
        self._stamp = files.stamp()
        self._channel = connect()
        self._retired: set[asyncio.Task[None]] = set()

    async def watch(self, every: float = LOOK_EVERY_SECONDS) -> None:
        while True:
            await asyncio.sleep(every)
            self.look()

    def look(self) -> None:
        """Makes the channel anew if the files have changed; keeps it if they cannot be read."""
        try:
            stamp = self._files.stamp()
            if stamp == self._stamp:
                return
            fresh = self._connect()
        except OSError as error:
            log.warning("tls.reload_failed", extra={"reason": error.strerror})
            return
        old, self._channel, self._stamp = self._channel, fresh, stamp
        closing = asyncio.create_task(old.close(_OLD_GRACE_SECONDS), name="channel-retire")
        self._retired.add(closing)
        closing.add_done_callback(self._retired.discard)
        log.info("tls.reloaded")

    async def close(self, grace: float | None = None) -> None:
        for closing in self._retired:
            closing.cancel()
        await self._channel.close(grace)

    def unary_unary(self, *args: Any, **kwargs: Any) -> Any:
        return self._method("unary_unary", args, kwargs)

    def unary_stream(self, *args: Any, **kwargs: Any) -> Any:
        return self._method("unary_stream", args, kwargs)

    def stream_unary(self, *args: Any, **kwargs: Any) -> Any:
        return self._method("stream_unary", args, kwargs)

    def stream_stream(self, *args: Any, **kwargs: Any) -> Any:
        return self._method("stream_stream", args, kwargs)

    def _method(self, kind: str, args: Any, kwargs: Any) -> Any:
        made_on = self._channel
        method = getattr(made_on, kind)(*args, **kwargs)

        def invoke(*call_args: Any, **call_kwargs: Any) -> Any:
            nonlocal made_on, method
            if made_on is not self._channel:
                made_on = self._channel
                method = getattr(made_on, kind)(*args, **kwargs)
            return method(*call_args, **call_kwargs)

        return invoke

"""Closing so that the last answer arrives, whatever the client is still sending.

Closing a socket with unread bytes makes the kernel send a reset, and a reset
takes from the client what it had not read yet: the answer that says why it was
refused. So our side ends first, what still comes is thrown away for a moment,
and then the connection is closed (RFC 9112, section 9.6).
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

LINGER_SECONDS: Final = 1.0


class LingeringTransport:
    """A transport whose `close` waits for the client, but only where `unread` says that it may be sending."""

    def __init__(self, transport: asyncio.Transport, unread: Callable[[], bool]) -> None:
        self._transport = transport
        self._unread = unread
        self._ended = False
        # Asked on every request: bound once, past __getattr__.
        self.write = transport.write
        self.get_extra_info = transport.get_extra_info
        self._closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self._ended or self._closing()

    def close(self) -> None:
        if self._ended:
            return
        # TLS cannot end one side alone.
        if self._transport.is_closing() or not self._unread() or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._ended = True
        self._transport.write_eof()
        self._transport.resume_reading()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.close)

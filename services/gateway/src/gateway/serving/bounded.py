"""uvicorn's HTTP/1.1 with an end to slow and endless headers, and never two answers to one request."""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.serving.keeping import KeptProtocol
from gateway.serving.last_words import last_words
from gateway.serving.lingering import LingeringTransport

_ASGI: Final[Any] = {"version": "3.0", "spec_version": "2.3"}


class BoundedProtocol(KeptProtocol):
    """Reads requests; the target of one counts as a header."""

    header_seconds = 10.0
    header_bytes = 32_768
    _header_timer: asyncio.TimerHandle | None = None
    # Between the first byte of a request and the end of its headers; bytes of them in earlier reads.
    _reading = False
    _read = 0
    _begun = _refused = False
    # Nothing of a request has been read whose end has not been: what comes next is the next one's beginning.
    _between = True
    # Requests begun.
    _count = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        lingering = LingeringTransport(transport, self._unread)
        # To uvicorn it is one.
        super().connection_made(cast("asyncio.Transport", lingering))
        self._await_headers()

    def _unread(self) -> bool:
        """Whether the client may still be sending what it has begun."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return self._refused or (cycle is not None and cycle.more_body)

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused or self.transport.is_closing():
            return
        # All of it belongs to headers that began before and have not ended after it.
        whole = self._reading
        super().data_received(data)
        if self._reading and not self._refused:
            known = len(data) if whole else len(self.url) + sum(len(n) + len(v) for n, v in self.headers)
            self._read += known
            if self._read > self.header_bytes:
                self._refuse(431)
            else:
                self._await_headers()

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        # As uvicorn's own, but for the state of a lifespan, which there is none of.
        self.scope = {  # type: ignore[typeddict-item]  # the rest is added with the headers complete
            "type": "http",
            "asgi": _ASGI,
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme or "http",
            "root_path": "",
            "headers": self.headers,
            "state": {},
        }
        self._begun = self._reading = True
        self._between = False
        self._count += 1
        self._read = 0

    def on_url(self, url: bytes) -> None:
        # The absolute form would name a second host.
        if not self.url and url[:1] not in {b"/", b"*"}:
            raise ValueError("origin form only")
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._headers_arrived()
        self._reading = False

    def on_message_complete(self) -> None:
        self._between = True
        super().on_message_complete()

    def _await_headers(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(self.header_seconds, self._too_slow)

    def _headers_arrived(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _too_slow(self) -> None:
        self._header_timer = None
        if self._begun:
            self._refuse(408)
        else:
            # It never said anything.
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """What the parser does not take; `msg` is uvicorn's and not shown."""
        del msg
        self._refuse(400)

    def _refuse(self, status: int) -> None:
        """Ends the connection with at most one answer to what is being asked."""
        self._refused = True
        self._headers_arrived()
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete:
            self._answer(status)
        elif self.pipeline or (cycle.response_started and cycle.more_body):
            self.transport.close()
        elif cycle.more_body:
            # The rest of its body will never come; whoever waits for it is told so and not heard.
            cycle.disconnected = True
            cycle.message_event.set()
            self._answer(status)
        else:
            # What was asked before was right and is answered; this is the end of it.
            cycle.keep_alive = False
            self.flow.pause_reading()

    def _answer(self, status: int) -> None:
        self.transport.write(last_words(status))
        self.transport.close()

"""uvicorn's HTTP/1.1 with an end to slow and endless headers, and never two answers to one request."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.asgi import Scope
from gateway.exchange import Answer
from gateway.serving.cycle import Cycle, rendered
from gateway.serving.keeping import KeptProtocol
from gateway.serving.last_words import last_words
from gateway.serving.lingering import LingeringTransport

_VERSIONS = frozenset({"1.0", "1.1"})
_ASGI: Final[Any] = {"version": "3.0", "spec_version": "2.3"}
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"expect"})
AtOnce = Callable[[Scope], Answer | None]


def bounded_protocol(
    header_seconds: float, header_bytes: int, at_once: AtOnce | None = None
) -> type["BoundedProtocol"]:
    """The protocol with these bounds; the target of the request counts as a header.

    `at_once` answers what needs no waiting, without a task of its own; what it does not answer
    goes to the app, with the same scope.
    """
    return type(
        "BoundedHttpProtocol",
        (BoundedProtocol,),
        {
            "header_seconds": header_seconds,
            "header_bytes": header_bytes,
            "at_once": None if at_once is None else staticmethod(at_once),
        },
    )


class BoundedProtocol(KeptProtocol):
    header_seconds = 10.0
    header_bytes = 32_768
    at_once: AtOnce | None = None
    _header_timer: asyncio.TimerHandle | None = None
    # Between the first byte of a request and the end of its headers; bytes of them in earlier reads.
    _reading = False
    _read = 0
    _begun = _refused = False
    # The request whose end is being waited for has its answer already.
    _answered = False

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
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            raise ValueError("HTTP/1 only")
        if version == "1.1" and self._answered_at_once():
            self._answered = True
            return
        self._start(version)

    def _start(self, version: str) -> None:
        """As uvicorn's own, with our cycle."""
        scope, parser = cast("Scope", self.scope), self.parser
        if "path" not in scope:
            scope["method"] = parser.get_method().decode("ascii")
            scope["http_version"] = version
            if parser.should_upgrade() and self._should_upgrade():
                # The WebSocket's own protocol reads the request again.
                return
            self._place(scope)
        expected = [value for name, value in self.headers if name == b"expect"]
        before = cast("RequestResponseCycle | None", self.cycle)
        self.cycle = Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=bool(expected) and expected[0].lower() == b"100-continue",
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _place(self, scope: Scope) -> None:
        """What is asked for, with the escapes of the path undone."""
        parsed = httptools.parse_url(self.url)
        raw: bytes = parsed.path
        path = raw.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = raw
        scope["query_string"] = parsed.query or b""

    def on_message_complete(self) -> None:
        if self._answered:
            self._answered = False
            return
        super().on_message_complete()

    def _answered_at_once(self) -> bool:
        """A GET without a body, with none before it that is still being answered."""
        if self._refused:
            # The answer before was the last one.
            return True
        cycle, parser, url = cast("RequestResponseCycle | None", self.cycle), self.parser, self.url
        if (
            self.at_once is None
            or (cycle is not None and not cycle.response_complete)
            or parser.get_method() != b"GET"
            or parser.should_upgrade()
            or self.flow.write_paused
            or b"%" in url
            or b"#" in url
        ):
            return False
        for name, _ in self.headers:
            if name in _FRAMING:
                return False
        path, _, query = url.partition(b"?")
        scope = cast("Scope", self.scope)
        scope["method"], scope["path"], scope["raw_path"] = "GET", path.decode("ascii"), path
        scope["query_string"] = query
        answer = self.at_once(scope)
        if answer is None:
            return False
        keep_alive = parser.should_keep_alive() and not answer.close
        self.transport.write(rendered(self.server_state.default_headers, answer, keep_alive=keep_alive))
        if not keep_alive:
            self._refused = True
            self.transport.close()
        self.on_response_complete()
        return True

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

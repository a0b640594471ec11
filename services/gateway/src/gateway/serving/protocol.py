"""Between uvicorn's HTTP/1.1 and the chain: what needs no waiting is answered without a task of its own."""

import asyncio
from typing import Any, cast
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.asgi import Scope
from gateway.chain import Chain
from gateway.exchange import KEY, SAY, Answer, Exchange
from gateway.serving.bounded import BoundedProtocol
from gateway.serving.cycle import Cycle, rendered
from gateway.serving.repeats import Repeats

_VERSIONS = frozenset({"1.0", "1.1"})
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"expect"})
_OK = 200


def bounded_protocol(
    header_seconds: float, header_bytes: int, chain: Chain | None = None
) -> type["ChainProtocol"]:
    """The protocol with these bounds, in seconds and bytes.

    The chain, where the app is one, answers what needs no waiting without a task of its own; what
    it does not answer so goes to the app, with the same scope.
    """
    return type(
        "BoundHttpProtocol",
        (ChainProtocol,),
        {
            "header_seconds": header_seconds,
            "header_bytes": header_bytes,
            "repeats": None if chain is None else Repeats(chain),
        },
    )


class ChainProtocol(BoundedProtocol):
    repeats: Repeats | None = None
    # The request whose end is being waited for has its answer already.
    _answered = False
    # One that may be known when it comes again.
    _repeatable: Scope | None = None

    def data_received(self, data: bytes) -> None:
        if self._refused or self.transport.is_closing():
            return
        between, begun = self._between, self._count
        if between and self.repeats is not None and self._known(data, self.repeats):
            return
        super().data_received(data)
        scope, self._repeatable = self._repeatable, None
        # This one request and nothing else.
        if scope is not None and between and self._between and self._count == begun + 1:
            self._saw(data, scope)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
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
        self.cycle = self._cycle(
            expect_100_continue=bool(expected) and expected[0].lower() == b"100-continue",
            keep_alive=version != "1.0" and parser.should_keep_alive(),
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _cycle(self, *, expect_100_continue: bool, keep_alive: bool) -> Cycle:
        scope = self.scope
        cycle = Cycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        if self.repeats is not None:
            cast("Scope", scope)[SAY] = cycle.say
        return cycle

    def _known(self, data: bytes, repeats: Repeats) -> bool:
        """Answers, or begins on, a request that is known byte by byte; False for what has to be read."""
        name = ("" if self.client is None else self.client[0], data)
        known = repeats.find(name)
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if known is None or self.flow.write_paused or (cycle is not None and not cycle.response_complete):
            return False
        again = repeats.chain.again(known)
        if again is None:
            repeats.forget(name)
            return False
        self._headers_arrived()
        self._unset_keepalive_if_required()
        found, answer = again
        if answer is not None:
            self._say(answer, keep_alive=True)
            return True
        self.scope = cast(
            "Any",
            {**known.scope, "server": self.server, "client": self.client, "state": {}, KEY: found},
        )
        self.cycle = self._cycle(expect_100_continue=False, keep_alive=True)
        # It has no body.
        self.cycle.more_body = False
        self._start_asgi_task(self.cycle, self.app)
        return True

    def _saw(self, data: bytes, scope: Scope) -> None:
        found: Exchange = scope[KEY]
        if self.repeats is not None and (found.admitted or found.status == _OK):
            self.repeats.saw(("" if self.client is None else self.client[0], data), scope)

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
            self._answered, self._between = False, True
            return
        super().on_message_complete()

    def _answered_at_once(self) -> bool:
        """A GET without a body, with none before it that is still being answered."""
        if self._refused:
            # The answer before was the last one.
            return True
        cycle, parser, url = cast("RequestResponseCycle | None", self.cycle), self.parser, self.url
        if (
            self.repeats is None
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
        answer = self.repeats.chain.at_once(scope)
        keep_alive = parser.should_keep_alive()
        if keep_alive:
            self._repeatable = scope
        if answer is None:
            return False
        self._say(answer, keep_alive=keep_alive)
        return True

    def _say(self, answer: Answer, *, keep_alive: bool) -> None:
        """A whole answer, and the end of the connection where either side wants it."""
        keep_alive = keep_alive and not answer.close
        self.transport.write(rendered(self.server_state.default_headers, answer, keep_alive=keep_alive))
        if not keep_alive:
            self._refused = True
            self.transport.close()
        self.on_response_complete()

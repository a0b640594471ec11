"""How an answer goes on the wire: checked as one block of bytes, not header by header."""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from gateway.exchange import Answer, Headers
from gateway.wire import sound

_CLOSE: Final = b"connection: close"
_EMPTY: Final = frozenset({204, 304})
# Name and value are a pair; this makes a line of them.
_line: Final = b": ".join


class UnfairHeader(ValueError):
    """A header that would be read as two, or as the end of them."""


def head(status: int, lines: list[bytes]) -> bytes:
    """The status line and these headers, with the empty line after them.

    Raises:
        UnfairHeader: nothing is written then.
    """
    text = STATUS_LINE[status] + b"\r\n".join(lines) + b"\r\n\r\n"
    # The status line, each header and the end.
    if not sound(text, len(lines) + 2):
        raise UnfairHeader
    return text


def rendered(usual: Headers, answer: Answer, *, keep_alive: bool) -> bytes:
    """A whole answer, with the headers the server adds to each."""
    lines = [*map(_line, usual), *map(_line, answer.headers)]
    if not keep_alive and not answer.close:
        lines.append(_CLOSE)
    return head(answer.status, lines) + answer.body


class Cycle(RequestResponseCycle):
    """uvicorn's, with a shorter way for an answer whose length is known: the usual one of this gateway.

    The head of such an answer goes out with what comes first of its body: one system call, one packet.
    """

    _head = b""

    def say(self, answer: Answer) -> None:
        """The whole answer, where nothing of one has been sent.

        Raises:
            UnfairHeader: nothing is written then.
        """
        if self.disconnected:
            return
        keep_alive = self.keep_alive and not answer.close
        if self.scope["method"] == "HEAD":
            answer = answer._replace(body=b"")
        self.transport.write(rendered(self.default_headers, answer, keep_alive=keep_alive))
        self.response_started = self.response_complete = True
        self.message_event.set()
        if not keep_alive:
            self.keep_alive = False
            self.transport.close()
        self.on_response()

    async def send(self, message: Any) -> None:
        if self.response_started:
            await self._send_body(message)
        elif message["type"] == "http.response.start" and not (self.flow.write_paused or self.disconnected):
            await self._send_head(message)
        else:
            await super().send(message)

    async def _send_body(self, message: Any) -> None:
        body = message.get("body", b"")
        if (
            message.get("more_body", False)
            or self.response_complete
            or self.disconnected
            or self.flow.write_paused
            or self.chunked_encoding
            or len(body) != self.expected_content_length
            or message["type"] != "http.response.body"
            or self.scope["method"] == "HEAD"
        ):
            self._release_head()
            await super().send(message)
            return
        # All of it at once, as long as it was said to be.
        self.expected_content_length = 0
        self.transport.write(self._head + body)
        self._head = b""
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    async def _send_head(self, message: Any) -> None:
        headers = message["headers"]
        fields = dict(headers)
        length = fields.get(b"content-length")
        status = message["status"]
        if (length is None and status not in _EMPTY) or b"transfer-encoding" in fields:
            await super().send(message)
            return
        lines = [*map(_line, self.default_headers), *map(_line, headers)]
        self.response_started = True
        self.waiting_for_100_continue = False
        self.chunked_encoding = False
        self.expected_content_length = 0 if length is None else int(length)
        if b"close" in fields.get(b"connection", b"").lower():
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(_CLOSE)
        self._head = head(status, lines)

    def _release_head(self) -> None:
        held, self._head = self._head, b""
        if held and not self.disconnected:
            self.transport.write(held)

"""One HTTP/1.1 answer as its bytes come in: whole, or a fault, and never in between.

Lives for one exchange, so nothing of one answer can leak into the next. Trailers are dropped, since
nothing downstream was promised any; interim answers (1xx) are passed over.
"""

from collections import deque

import httptools

from gateway.proxy.faults import ClientGone, ConnectionLost, Malformed, Truncated, UpstreamFault
from gateway.proxy.heads import Head, Headers, Heads

# An answer with a declared length up to this is handed over whole: it can still be replaced if it breaks.
WHOLE = 64 * 1024
# Bytes in a row that are head, trailer or chunk framing and carry no content.
_MAX_BARREN = 64 * 1024
_MAX_HEADERS = 200
_MAX_INTERIM = 8
_FIRST_FINAL = 200
_SWITCHING_PROTOCOLS = 101
_WITHOUT_CONTENT = frozenset({204, 304})
_LAST_STATUS = 599
_VERSIONS = frozenset({"1.1", "1.0"})
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class Answer:
    # On the class until they change: most never do in a request that goes well.
    _barren = 0
    _fruitful = False
    _heard = False
    # Nothing that comes is a part of it any more.
    _over = False
    _parser: httptools.HttpResponseParser | None = None
    _interim = 0
    _length: int | None = None
    _chunked = False
    _until_close = False
    status = 0
    buffered = 0
    head_done = False
    complete = False
    keep_alive = False
    # Bytes came that nobody asked for: no further exchange on this connection.
    surplus = False
    fault: UpstreamFault | ClientGone | None = None

    def __init__(self, heads: Heads, *, expects_content: bool) -> None:
        """`expects_content` is False for an answer to HEAD, of which the framing does not tell."""
        self._heads = heads
        self._expects_content = expects_content
        # Names in lower case.
        self.headers: Headers = []
        self.chunks: deque[bytes] = deque()

    @property
    def ready(self) -> bool:
        """Whether there is something to hand over: a head, with all the content of a short answer."""
        return self.complete or (self.head_done and (self._length is None or self._length > WHOLE))

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another exchange."""
        return self.complete and self.keep_alive and not self.surplus and not self._until_close

    def feed(self, data: bytes) -> None:
        """Take in what came; `fault` is set if it cannot go on."""
        if self._over:
            self.surplus = True
            return
        first, self._heard = not self._heard, True
        if first:
            known = self._heads.split(data) if self._expects_content else None
            if known is not None:
                self._take(*known)
                return
            self._parser = httptools.HttpResponseParser(self)
        self._fruitful = False
        try:
            # There is one from the first bytes on until it is over.
            self._parser.feed_data(data)  # type: ignore[union-attr]
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._end()
            self._stop(error)
            return
        if self.complete:
            self._end()
            if first and self._usual:
                self._heads.learn(data, Head(self.status, self.headers, self._length or 0, self.keep_alive))
        elif not self._fruitful:
            self._barren += len(data)
            if self._barren > _MAX_BARREN:
                self.fault = Malformed("too much framing for its content")
        else:
            self._barren = 0

    def _take(self, head: Head, content: bytes) -> None:
        self.status, self.headers, self._length, self.keep_alive = head
        self.head_done = self.complete = self._over = True
        self.chunks.append(content)
        self.buffered = len(content)

    @property
    def _usual(self) -> bool:
        """Whether the head alone says how long the content is, and there is some."""
        length = self._length
        odd = self._interim or self._chunked or self.surplus or self._until_close
        # A 304 may name the length of what it does not bring.
        return bool(length) and self.buffered == length and not odd

    def _end(self) -> None:
        # The parser refers back here: with it, each answer would be garbage that only a collection finds.
        self._parser = None
        self._over = True

    def _stop(self, error: Exception) -> None:
        if self.complete:
            self.surplus = True
            return
        # The parser wraps what its callbacks raise.
        cause = error.__context__
        self.fault = cause if isinstance(cause, UpstreamFault) else Malformed("not HTTP/1.1")

    def end(self, *, orderly: bool) -> None:
        """The connection is gone; only an answer framed by that is complete with it."""
        if self.complete or self.fault is not None:
            return
        if self._until_close and orderly:
            self.complete = True
        elif self._heard:
            self.fault = Truncated("closed in the middle of its answer")
        else:
            self.fault = ConnectionLost("closed without an answer")

    def whole(self) -> bytes | None:
        """The content if all of it is here, else None."""
        if not self.complete:
            return None
        return self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)

    def pop(self) -> bytes:
        data = self.chunks.popleft()
        self.buffered -= len(data)
        return data

    # What httptools calls.

    def on_message_begin(self) -> None:
        if self.complete:
            self.surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.head_done:
            return
        name = name.lower()
        self.headers.append((name, value))
        if name not in _FRAMING:
            return
        if name == b"content-length":
            self._length = int(value)
        # Any other coding would reach the client as if it were content.
        elif self._chunked or value.strip().lower() != b"chunked":
            raise Malformed("a transfer coding that was not asked for")
        else:
            self._chunked = True

    def on_headers_complete(self) -> None:
        parser = self._parser
        if self.complete or parser is None:
            return
        status = parser.get_status_code()
        if status < _FIRST_FINAL:
            self._interim += 1
            if status == _SWITCHING_PROTOCOLS or self._interim > _MAX_INTERIM:
                raise Malformed("an interim answer that was not asked for")
            self.headers = []
            self._length = None
            self._chunked = False
            return
        version = parser.get_http_version()
        if len(self.headers) > _MAX_HEADERS:
            raise Malformed("too many headers")
        if status > _LAST_STATUS or version not in _VERSIONS or (self._chunked and version == "1.0"):
            raise Malformed("not an HTTP/1.1 answer")
        self.status = status
        self.keep_alive = parser.should_keep_alive()
        self.head_done = True
        self._fruitful = True
        if not self._expects_content or status in _WITHOUT_CONTENT:
            self.complete = True
        elif self._length is None and not self._chunked:
            self._until_close = True

    def on_body(self, data: bytes) -> None:
        if self.complete:
            self.surplus = True
            return
        self._fruitful = True
        self.chunks.append(data)
        self.buffered += len(data)

    def on_message_complete(self) -> None:
        if self.head_done:
            self.complete = True

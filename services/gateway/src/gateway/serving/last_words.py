"""What is said to a request that cannot be read, before its connection is closed."""

import secrets

import orjson

_BODIES = {
    400: ("bad-request", "Bad request", "This is not HTTP/1.1 as we understand it."),
    408: ("headers-too-slow", "Too slow", "The headers did not arrive in time."),
    431: ("headers-too-large", "Headers too large", "The headers are too large."),
}


def last_words(status: int) -> bytes:
    """A whole answer: 400, 408 or 431, as a problem document.

    Its ids are its own: those that were sent, if any were, could not be read.
    """
    name, title, detail = _BODIES[status]
    trace_id, request_id = secrets.token_hex(16), secrets.token_hex(16)
    body = orjson.dumps(
        {
            "type": f"urn:problem-type:reliability:{name}",
            "title": title,
            "status": status,
            "detail": detail,
            "trace_id": trace_id,
            "request_id": request_id,
        }
    )
    return (
        b"HTTP/1.1 %d %b\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n"
        b"x-content-type-options: nosniff\r\nx-request-id: %b\r\n"
        b"content-length: %d\r\nconnection: close\r\n\r\n%b"
        % (status, title.encode(), request_id.encode(), len(body), body)
    )

"""The way to the model's endpoint: answers of bounded size, no redirects, nothing decompressed.

A redirect would carry the request, and with it the log, to an address nobody
configured. A compressed answer could be a thousand times what was counted.
"""

import urllib.request
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

import httpx2

MAX_ANSWER_BYTES: Final = 512 * 1024


class AnswerTooLarge(httpx2.ReadError):
    """The endpoint sends more than any answer needs."""

    def __init__(self) -> None:
        super().__init__("the answer is too large")


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise AnswerTooLarge
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class BoundedTransport(httpx2.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()
            raise AnswerTooLarge
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Bounded(response.stream)
        return response


def client(
    endpoint: str, *, connect_seconds: float, total_seconds: float, connections: int
) -> httpx2.AsyncClient:
    """For one endpoint, through the environment's proxy if any: many clusters have no other way out."""
    return httpx2.AsyncClient(
        transport=BoundedTransport(
            limits=httpx2.Limits(max_connections=connections), proxy=_proxy_for(endpoint)
        ),
        follow_redirects=False,
        timeout=httpx2.Timeout(total_seconds, connect=connect_seconds),
        headers={"accept-encoding": "identity"},
    )


def _proxy_for(endpoint: str) -> httpx2.Proxy | None:
    parts = urlsplit(endpoint)
    named = urllib.request.getproxies().get(parts.scheme)
    if named is None or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return httpx2.Proxy(named)

"""HTTP for sources: one session's worth of bounds, and failures in the words of a source."""

import ssl
from collections.abc import Mapping
from typing import Final

import aiohttp

from triage.sources.failures import SourceUnavailable

_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=3, sock_read=10)
_HTTP_OK: Final = 200

BROKEN: Final = (aiohttp.ClientError, TimeoutError, OSError)


def session(headers: Mapping[str, str], *, tls: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
    """A session that keeps no cookies and reads at most 64 KiB ahead."""
    return aiohttp.ClientSession(
        headers=headers,
        timeout=_TIMEOUT,
        connector=aiohttp.TCPConnector(limit=4, ssl=tls if tls is not None else True),
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=64 * 1024,
    )


async def bounded_body(
    http: aiohttp.ClientSession, url: str, params: Mapping[str, str], *, max_bytes: int, what: str
) -> bytes:
    """A whole answer of at most `max_bytes`.

    Raises:
        SourceUnavailable: unreachable, refused, or too large.
    """
    try:
        async with http.get(url, params=params, allow_redirects=False) as response:
            if response.status != _HTTP_OK:
                raise SourceUnavailable(f"{what} answered {response.status}.")
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > max_bytes:
                    raise SourceUnavailable(f"{what} answered with more than can be read.")
            return bytes(body)
    except BROKEN as error:
        raise SourceUnavailable(f"{what} could not be read.") from error

"""A stranger at the door: one request each, no redirect followed, no cookie kept."""

import ssl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import aiohttp
from multidict import CIMultiDictProxy

_SECONDS: Final = 10.0
_MOST_BYTES: Final = 65_536


class Unreachable(Exception):
    """Nobody answered; the message is for people."""


@dataclass(frozen=True, slots=True)
class Seen:
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0]


class Visitor(AbstractAsyncContextManager["Visitor"]):
    """Asks a base address.

    Args:
        url: the installation, without a trailing slash.
        plain_url: the same over plain HTTP, for what must not be answered there.
        ca_file: a CA to believe beside the system's.
    """

    def __init__(self, url: str, plain_url: str, ca_file: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.plain_url = plain_url.rstrip("/")
        self._tls = ssl.create_default_context()
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)
        self._session: aiohttp.ClientSession | None = None

    @property
    def encrypted(self) -> bool:
        return self.url.startswith("https://")

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=_SECONDS),
            headers={"User-Agent": "reliability-audit"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Seen:
        return await self.ask("GET", self.url + path, headers)

    async def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Seen:
        """One answer.

        Raises:
            Unreachable: no connection, no TLS that can be believed, or no answer.
        """
        if self._session is None:
            raise RuntimeError("Enter the visitor first.")
        try:
            async with self._session.request(
                method, url, headers=headers, data=form, allow_redirects=False
            ) as answer:
                return Seen(answer.status, answer.headers, await answer.content.read(_MOST_BYTES))
        except aiohttp.ClientConnectorCertificateError as error:
            raise Unreachable(f"its certificate is not believed ({error.certificate_error})") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(f"no answer ({type(error).__name__})") from None

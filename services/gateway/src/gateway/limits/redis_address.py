"""Where a Redis or Valkey is and how it is entered, from its URI."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

from chassis.redis_url import redis_url

_SCHEMES: Final = frozenset({"redis", "rediss", "unix"})
_OPTIONS: Final = frozenset({"db", "password", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})


@dataclass(frozen=True, slots=True)
class RedisAddress:
    host: str
    port: int
    # A Unix socket instead of host and port.
    path: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    database: int = 0
    tls: ssl.SSLContext | None = None

    @classmethod
    def parse(cls, uri: str) -> Self:
        """`redis://[user:password@]host[:port][/db]`, `rediss://` for TLS, `unix:///path?db=0`.

        Options of `rediss`: ssl_ca_certs, and ssl_certfile with ssl_keyfile to show a certificate.

        Raises:
            ValueError: with a sentence that does not repeat the URI, which may hold a password.
        """
        parts = urlsplit(redis_url(uri))
        if parts.scheme.endswith(("sentinel", "cluster")):
            raise ValueError("Sentinel and Cluster are not spoken here; name what leads to the one primary")
        if parts.scheme not in _SCHEMES:
            raise ValueError("the storage is given as redis://, rediss:// or unix://")
        try:
            port = parts.port or 6379
        except ValueError:
            raise ValueError("the storage is one host and one port, its password percent-encoded") from None
        options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if not options.keys() <= _OPTIONS:
            raise ValueError(f"an option of the storage is not one of {', '.join(sorted(_OPTIONS))}")
        database = options.get("db") or (parts.path.strip("/") if parts.scheme != "unix" else "") or "0"
        if not database.isdigit():
            raise ValueError("the database of the storage is a number")
        return cls(
            host=parts.hostname or "localhost",
            port=port,
            path=unquote(parts.path) if parts.scheme == "unix" else None,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else options.get("password"),
            database=int(database),
            tls=_tls(options) if parts.scheme == "rediss" else None,
        )


def _tls(options: Mapping[str, str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
        if "ssl_certfile" in options:
            context.load_cert_chain(options["ssl_certfile"], options.get("ssl_keyfile"))
    except OSError:
        # A file that is no certificate is an ssl.SSLError, which is one of these.
        raise ValueError("a file of certificates of the storage cannot be read") from None
    return context

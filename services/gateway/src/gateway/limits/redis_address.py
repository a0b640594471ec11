"""Where a Redis or Valkey is and how it is entered, from its URI."""

import ssl
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

_SCHEMES = {"redis", "rediss", "valkey", "valkeys", "unix"}


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

        Raises:
            ValueError: with a sentence that does not repeat the URI, which may hold a password.
        """
        parts = urlsplit(uri.removeprefix("async+"))
        scheme = parts.scheme.removeprefix("redis+")
        if scheme not in _SCHEMES:
            raise ValueError("the storage is given as redis://, rediss:// or unix://")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        database = query.get("db") or (parts.path.strip("/") if scheme != "unix" else "") or "0"
        if not database.isdigit():
            raise ValueError("the database of the storage is a number")
        return cls(
            host=parts.hostname or "localhost",
            port=parts.port or 6379,
            path=parts.path if scheme == "unix" else None,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else query.get("password"),
            database=int(database),
            tls=ssl.create_default_context(cafile=query.get("ssl_ca_certs"))
            if scheme in {"rediss", "valkeys"}
            else None,
        )

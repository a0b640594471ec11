"""The address of a Redis or Valkey, as every client library spells it."""


def redis_url(uri: str) -> str:
    """`async+redis://`, `valkey://` and `redis+unix://` are other names of `redis://` and `unix://`."""
    scheme, separator, rest = uri.partition("://")
    scheme = scheme.removeprefix("async+").removeprefix("redis+").replace("valkey", "redis")
    return f"{scheme}{separator}{rest}"

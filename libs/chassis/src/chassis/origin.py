"""Where the request at hand came from: told at the edge, carried by gRPC, written into trails."""

from contextvars import ContextVar
from typing import Final

METADATA: Final = "x-client-address"
_LONGEST: Final = 64

_address: ContextVar[str] = ContextVar("origin", default="")


def address() -> str:
    """In text form; empty where nobody said."""
    return _address.get()


def comes_from(address: str) -> None:
    """For the rest of this task, whose context ends with it."""
    _address.set(address[:_LONGEST])

"""Where log text comes from: bytes in blocks, with marks for what is between and what is missing."""

from collections.abc import AsyncGenerator
from enum import Enum
from typing import Protocol, TypeAlias


class Mark(Enum):
    BOUNDARY = "boundary"
    """What follows is another log: nothing is joined across."""
    CUT = "cut"
    """Something is missing here: a bound was reached or the source broke off."""


Piece: TypeAlias = bytes | Mark


class Source(Protocol):
    @property
    def scope(self) -> str:
        """What answers about this source may be shared by; the same source has the same one."""

    def read(self, max_bytes: int) -> AsyncGenerator[Piece]:
        """Blocks of at most 64 KiB, about `max_bytes` in all; more is left out and marked CUT.

        Raises:
            Unavailable: reason SOURCE_UNAVAILABLE, before the first block.
            Invalid: reason INVALID_SOURCE, this service has no such source.
        """

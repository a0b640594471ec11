"""What is asked of a store of limits, and what it answers."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from gateway.limits.notation import Limit


class StoreDown(Exception):
    """The store is gone, hangs or refuses to write; the message says which and holds no address."""


class Check(NamedTuple):
    # Unique per limit, route and whom it counts.
    key: str
    limit: Limit
    # What the role of the caller may; the limit's own for everyone else.
    amount: int


class Count(NamedTuple):
    admitted: bool
    # Units left after this request.
    remaining: int
    # Seconds until more units come free.
    reset: float


class LimitStore(Protocol):
    def take_now(self, checks: Sequence[Check]) -> list[Count] | None:
        """As `take`, where nobody has to be asked; otherwise None, and nothing is taken."""

    async def take(self, checks: Sequence[Check]) -> list[Count]:
        """Takes the cost of every limit, or of none if one of them (shadows aside) is spent; atomic.

        Raises:
            StoreDown: within the store's timeout.
        """

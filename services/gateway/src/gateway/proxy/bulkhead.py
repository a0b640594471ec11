"""No upstream takes more than its share of the gateway: so many at once, and a short bounded wait."""

import asyncio
from collections import deque


class Full(Exception):
    """There was no place in time."""


class Bulkhead:
    def __init__(self, places: int, *, wait_seconds: float, max_waiting: int) -> None:
        self._places = places
        self._wait = wait_seconds
        self._max_waiting = max_waiting
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def taken(self) -> int:
        return self._taken

    def try_enter(self) -> bool:
        """Take a place if there is one at once and nobody was here before."""
        if self._taken < self._places and not self._waiting:
            self._taken += 1
            return True
        return False

    async def enter(self) -> None:
        """Wait for a place, first come first served; raises Full."""
        if self.try_enter():
            return
        if len(self._waiting) >= self._max_waiting:
            raise Full
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._wait):
                await place
        except BaseException as error:
            if place in self._waiting:
                self._waiting.remove(place)
            elif place.done() and not place.cancelled():
                # Handed over in the same moment: pass it on, or it is lost for good.
                self.leave()
            if isinstance(error, TimeoutError):
                raise Full from None
            raise

    def leave(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                # The place changes hands without becoming free in between.
                place.set_result(None)
                return
        self._taken -= 1

"""What tests of the gateway stand on; nothing here ships in a running service."""

import asyncio
from collections.abc import Callable


async def until(fact: Callable[[], object], seconds: float = 5.0) -> None:
    """Returns once it is so; TimeoutError if that takes longer than `seconds`."""
    async with asyncio.timeout(seconds):
        while not fact():  # noqa: ASYNC110  # facts of sockets and files have no event
            await asyncio.sleep(0.005)

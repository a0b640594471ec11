"""What goes on between requests: keys are kept, revocations read, the past forgotten."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from auth.feed import RevocationFeed
from auth.signing.keyring import Keyring
from auth.signing.rotation import Rotation
from auth.signing.sealing import SealedWithAnotherKey
from auth.storage.database import Database
from auth.storage.prune import prune
from auth.storage.revocations import Revocations
from chassis.clock import Clock
from chassis.errors import Unavailable

log = logging.getLogger(__name__)

# A revocation is true everywhere within a second even where no notification arrives.
REVOCATIONS_SECONDS: Final = 0.5
_SEALED: Final = (
    "set SECRET_KEY_PREVIOUS to the secret that was in use before; "
    "where it is lost, `python -m auth keys discard` makes new keys"
)
KEYS_SECONDS: Final = 5.0
PRUNE_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = 0.5


async def keep_keys(
    rotation: Rotation, keyring: Keyring, wake: asyncio.Event, *, every: float, loaded: Callable[[], None]
) -> None:
    """Rotates what is due and loads what others rotated, for ever."""

    async def tick() -> None:
        try:
            await rotation.tick()
        except SealedWithAnotherKey:
            if not keyring.loaded:
                log.critical("signing_keys.sealed_with_another_secret", extra={"fix": _SEALED})
                raise
            log.error("signing_keys.sealed_with_another_secret", extra={"effect": "the last key signs on"})  # noqa: TRY400
        if keyring.loaded:
            loaded()

    await _for_ever(tick, wake, every, "signing_keys")


async def keep_revocations(
    feed: RevocationFeed, database: Database, wake: asyncio.Event, clock: Clock, *, loaded: Callable[[], None]
) -> None:
    """Reads what was revoked as soon as it is, for ever."""
    revocations = Revocations(database)

    async def read() -> None:
        as_of = clock.now().timestamp()
        found = await revocations.since(feed.version)
        if not feed.goes_on_with(found):
            found = await revocations.since(0)
            feed.begin_anew()
        feed.add(found, as_of=as_of)
        loaded()

    await _for_ever(read, wake, REVOCATIONS_SECONDS, "revocations")


async def keep_small(database: Database, clock: Clock) -> None:
    """Forgets what can no longer matter, for ever."""
    await _for_ever(lambda: prune(database, clock.now()), asyncio.Event(), PRUNE_SECONDS, "pruning")


async def _for_ever(
    work: Callable[[], Awaitable[None]], wake: asyncio.Event, seconds: float, name: str
) -> None:
    """Again when woken and after `seconds`; an outage of the database is waited out and told once."""
    told: str | None = None
    while True:
        wake.clear()
        wait = seconds
        try:
            await work()
        except Unavailable as error:
            if told != error.reason:
                log.warning("database.unavailable", extra={"for": name, "reason": error.reason})
            told, wait = error.reason, min(seconds, _RETRY_SECONDS)
        else:
            if told is not None:
                log.info("database.back", extra={"for": name})
            told = None
        try:
            async with asyncio.timeout(wait):
                await wake.wait()
        except TimeoutError:
            continue

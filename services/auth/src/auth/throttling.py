"""The sign-in throttle as the settings want it: in Redis with a local fallback, in memory, or off."""

import logging
from contextlib import AsyncExitStack

from auth.domain.throttle.devices import DeviceTokens
from auth.domain.throttle.fallback import FallbackLedger
from auth.domain.throttle.ledger import Ledger, LocalLedger, NoLedger
from auth.domain.throttle.sign_in import SignInThrottle
from auth.settings import AuthSettings
from auth.storage.throttle_redis import RedisLedger
from chassis.clock import Clock
from chassis.settings_faults import memory_storage

log = logging.getLogger(__name__)


async def throttle(stack: AsyncExitStack, settings: AuthSettings, clock: Clock) -> SignInThrottle:
    return SignInThrottle(
        ledger=await _ledger(stack, settings, clock),
        key=settings.secrets.derive("auth/throttle-names/v1")[0],
        devices=DeviceTokens(keys=settings.secrets.derive("auth/device-token/v1")),
        clock=clock,
        key_prefix=settings.rate_limit_key_prefix,
    )


async def _ledger(stack: AsyncExitStack, settings: AuthSettings, clock: Clock) -> Ledger:
    if not settings.rate_limit_enabled:
        return NoLedger()
    uri = settings.rate_limit_storage_uri.get_secret_value()
    local = LocalLedger()
    if memory_storage("RATE_LIMIT_STORAGE_URI", uri) is not None:
        return local
    shared = await stack.enter_async_context(RedisLedger.connect(uri))
    return FallbackLedger(
        shared,
        local=local,
        clock=clock,
        on_outage=lambda: log.warning(
            "throttle.store_unavailable", extra={"effect": "each replica counts alone"}
        ),
    )


def _told() -> None:
    log.warning("throttle.store_unavailable", extra={"effect": "each replica counts on its own"})

"""What auth tells of its own state: the queue for hashing, and how old the key that signs is."""

import time
from collections.abc import Iterable
from typing import Final

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from auth.domain.passwords.pool import HashingPool
from auth.parts import Parts
from auth.settings import AuthSettings

_METER: Final = "auth"


def watch_state(parts: Parts, pool: HashingPool, settings: AuthSettings) -> None:
    meter = metrics.get_meter(_METER)

    def waiting(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(pool.waiting)]

    def room(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(settings.hashing_queue)]

    def age(_: CallbackOptions) -> Iterable[Observation]:
        since = parts.keyring.signing_since
        # Nothing while no stored key signs: not loaded yet, or HS256.
        return [] if since is None else [Observation(max(0.0, time.time() - since.timestamp()))]

    def lifetime(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(settings.signing_key_lifetime_seconds)]

    meter.create_observable_gauge(
        "auth.hashing.waiting", [waiting], description="Sign-ins that wait for a thread to hash."
    )
    meter.create_observable_gauge(
        "auth.hashing.queue.limit", [room], description="How many may wait; one more is answered 503."
    )
    meter.create_observable_gauge(
        "auth.signing_key.age", [age], unit="s", description="For how long the active key has signed."
    )
    meter.create_observable_gauge(
        "auth.signing_key.lifetime", [lifetime], unit="s", description="After which the next key signs."
    )

"""Signing keys: next is published, active signs, retired still verifies; when each becomes the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from chassis.errors import Conflict

State = Literal["next", "active", "retired"]


class NotPublishedLongEnough(Conflict):
    """Verifiers may not have seen the next key yet."""

    default_reason = "KEY_NOT_PUBLISHED_LONG_ENOUGH"
    default_detail = "The next key has not been published long enough; wait, or force it."


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    algorithm: str
    state: State
    created_at: datetime
    activated_at: datetime | None = None
    retired_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """When keys change.

    Attributes:
        algorithm: of keys to come; a change takes effect by an ordinary rotation.
        lifetime: how long a key signs.
        publish_ahead: how long a key is published before it signs.
        keep: how long a retired key verifies: a token's lifetime, and some.
    """

    algorithm: str
    lifetime: timedelta
    publish_ahead: timedelta
    keep: timedelta


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, in this order: forget, drop and retire, then activate, then make.

    Attributes:
        forget: retired keys whose last token has expired, and a next key of another algorithm.
        retire: the active key, to verify only.
        activate: the next key, to sign.
        make: states to make new keys in.
    """

    forget: tuple[str, ...] = ()
    retire: str | None = None
    activate: str | None = None
    make: tuple[State, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.forget or self.retire or self.activate or self.make)


_NOTHING: Final = Plan()


def due(keys: Sequence[SigningKey], policy: RotationPolicy, now: datetime) -> Plan:
    """What time has brought about."""
    by_state = {key.state: key for key in keys if key.state != "retired"}
    active, following = by_state.get("active"), by_state.get("next")
    expired = tuple(key.kid for key in keys if key.expires_at is not None and key.expires_at <= now)
    if active is None:
        return _first(following, expired)
    if following is not None and following.algorithm != policy.algorithm:
        return Plan(forget=(*expired, following.kid), make=("next",))
    if following is None:
        return Plan(forget=expired, make=("next",))
    old = active.activated_at is None or now - active.activated_at >= policy.lifetime
    if (old or active.algorithm != policy.algorithm) and _seen(following, policy, now):
        return Plan(forget=expired, retire=active.kid, activate=following.kid, make=("next",))
    return Plan(forget=expired) if expired else _NOTHING


def on_command(keys: Sequence[SigningKey], policy: RotationPolicy, now: datetime, *, force: bool) -> Plan:
    """What an administrator's rotation does.

    Raises:
        NotPublishedLongEnough: unless forced.
    """
    by_state = {key.state: key for key in keys if key.state != "retired"}
    active, following = by_state.get("active"), by_state.get("next")
    if active is None or following is None:
        raise NotPublishedLongEnough
    if not force and not _seen(following, policy, now):
        raise NotPublishedLongEnough
    return Plan(retire=active.kid, activate=following.kid, make=("next",))


def start_over(keys: Sequence[SigningKey]) -> Plan:
    """New keys at once, for when nobody can open the old ones; tokens they signed stay good."""
    by_state = {key.state: key.kid for key in keys if key.state != "retired"}
    return Plan(
        forget=(by_state["next"],) if "next" in by_state else (),
        retire=by_state.get("active"),
        make=("active", "next"),
    )


def _first(following: SigningKey | None, expired: tuple[str, ...]) -> Plan:
    """Nothing signs: the very first start, when nobody has seen any key anyway."""
    if following is None:
        return Plan(forget=expired, make=("active", "next"))
    return Plan(forget=expired, activate=following.kid, make=("next",))


def _seen(key: SigningKey, policy: RotationPolicy, now: datetime) -> bool:
    return now - key.created_at >= policy.publish_ahead

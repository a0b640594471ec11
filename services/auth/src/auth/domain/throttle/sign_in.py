"""The sign-in throttle: every try is counted before the password is looked at, in the buckets it belongs to.

A try from a device that has signed in to the account before counts in that device's bucket alone:
whatever strangers do to the account, its owner's own devices wait in a queue of their own. Any other
try counts per account and network, per account, and per address. What is told never depends on
whether the account exists, for buckets are named after what was typed.
"""

import hashlib
import hmac
import ipaddress
import math
from dataclasses import dataclass
from typing import Final

from auth.domain.throttle.backoff import Backoff, Claim
from auth.domain.throttle.devices import Device, DeviceTokens
from auth.domain.throttle.ledger import Ledger
from chassis.clock import Clock
from chassis.errors import Exhausted

DEVICE: Final = Backoff(free=10, first=1, cap=900, fade=600)
ACCOUNT_AND_NETWORK: Final = Backoff(free=5, first=1, cap=900, fade=600)
# In a day at most 20 + 10 + 96 guesses at one account, from however many addresses.
ACCOUNT: Final = Backoff(free=20, first=1, cap=900, fade=900)
# An office behind one address mistypes a lot; one address trying many accounts is held to one a minute.
ADDRESS: Final = Backoff(free=30, first=1, cap=300, fade=60)

_KEY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that was counted; hand it back to say how it went. A wrong password needs no word."""

    claims: tuple[Claim, ...]
    counted_in: Ledger
    device: Device | None

    @property
    def known_device(self) -> bool:
        return self.device is not None


class SignInThrottle:
    """Counts in `ledger`, under names made with `key`, so that a store never learns who signs in."""

    def __init__(
        self, *, ledger: Ledger, key: bytes, devices: DeviceTokens, clock: Clock, key_prefix: str = ""
    ) -> None:
        self._ledger = ledger
        self._key = key
        self._devices = devices
        self._clock = clock
        # The braces keep all buckets of one try in one slot of a Redis cluster.
        self._prefix = f"{key_prefix}{{sign-in}}:"

    def alias(self, account: str) -> str:
        """What stands for an account wherever its name must not be told."""
        return self._name("account", account).rpartition(":")[2]

    async def reserve(self, *, account: str, address: str, device_token: str = "") -> Attempt:
        """Counts a try; `account` is the name as accounts are looked up by.

        Raises:
            Exhausted: SIGN_IN_THROTTLED, with the seconds to wait; the try must not be made.
        """
        now = self._clock.now().timestamp()
        device = self._devices.recognise(device_token, account, now=now) if device_token else None
        return await self._reserve(self._claims(account, address, device), now, device)

    async def reserve_proof(self, user: str) -> Attempt:
        """The same for somebody signed in who proves their password again.

        In a queue of its own: strangers at the door must not keep the owner from changing the lock.
        """
        claim = Claim(self._name("proof", user), DEVICE, forgiven_by_success=True)
        return await self._reserve((claim,), self._clock.now().timestamp(), None)

    async def succeeded(self, attempt: Attempt, *, account: str) -> str:
        """Takes the try back; the token that makes this device known from now on."""
        await self.settled(attempt)
        return self._devices.issue(account, now=self._clock.now().timestamp(), device=attempt.device)

    async def settled(self, attempt: Attempt) -> None:
        """Takes back a try that was right, where no device is to be known by it."""
        await attempt.counted_in.settle(attempt.claims, succeeded=True)

    async def abandoned(self, attempt: Attempt) -> None:
        """Takes back a try that was never judged; not one whose caller hung up while it was."""
        await attempt.counted_in.settle(attempt.claims, succeeded=False)

    async def _reserve(self, claims: tuple[Claim, ...], now: float, device: Device | None) -> Attempt:
        wait, counted_in = await self._ledger.reserve(claims, now=now)
        if wait > 0:
            raise Exhausted(
                "Too many sign-in attempts; wait before the next.",
                reason="SIGN_IN_THROTTLED",
                retry_after=math.ceil(wait),
            )
        return Attempt(claims=claims, counted_in=counted_in, device=device)

    def _claims(self, account: str, address: str, device: Device | None) -> tuple[Claim, ...]:
        if device is not None:
            name = self._name("device", account, device.id.hex())
            return (Claim(name, DEVICE, forgiven_by_success=True),)
        host, network = _places(address)
        of_account = (
            Claim(self._name("pair", account, network), ACCOUNT_AND_NETWORK, forgiven_by_success=True),
            Claim(self._name("account", account), ACCOUNT, forgiven_by_success=False),
        )
        if not host:
            # Tries from nowhere have nothing in common.
            return of_account
        return (*of_account, Claim(self._name("address", host), ADDRESS, forgiven_by_success=False))

    def _name(self, kind: str, *parts: str) -> str:
        # Lengths first: no two lists of parts may spell the same bytes.
        spelled = "".join(f"{len(part)}:{part}" for part in (kind, *parts))
        mac = hmac.digest(self._key, spelled.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return f"{self._prefix}{kind}:{mac[:_KEY_BYTES].hex()}"


def _places(address: str) -> tuple[str, str]:
    """The address that one party holds, and the network around it: IPv4 /32 and /24, IPv6 /64 and /64."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "", ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            network = str(ipaddress.ip_network((parsed, 64), strict=False))
            return network, network
        parsed = parsed.ipv4_mapped
    return str(parsed), str(ipaddress.ip_network((parsed, 24), strict=False))

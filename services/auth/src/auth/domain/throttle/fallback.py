"""A shared ledger with a local one behind it: when the shared one is down, sign-in goes on and so do limits.

Each replica then counts on its own, from nothing, until the shared one answers again; it is asked
once per `pause`, so that an outage costs one slow try in a while and not one each.
"""

from collections.abc import Callable, Sequence

from auth.domain.throttle.backoff import Claim
from auth.domain.throttle.ledger import Ledger, LedgerDown
from chassis.clock import Clock


class FallbackLedger:
    """Asks `shared`, else `local`; `on_outage` is told each time the shared one fails."""

    def __init__(
        self,
        shared: Ledger,
        *,
        local: Ledger,
        clock: Clock,
        pause: float = 1.0,
        on_outage: Callable[[], None] = lambda: None,
    ) -> None:
        self._shared = shared
        self._local = local
        self._clock = clock
        self._pause = pause
        self._on_outage = on_outage
        self._asks_again = float("-inf")

    async def reserve(self, claims: Sequence[Claim], *, now: float) -> tuple[float, Ledger]:
        if self._asking():
            try:
                wait, _ = await self._shared.reserve(claims, now=now)
            except LedgerDown:
                self._failed()
            else:
                return wait, self
        return await self._local.reserve(claims, now=now)

    async def settle(self, claims: Sequence[Claim], *, succeeded: bool) -> None:
        # Only what the shared one counted comes back here. If it is gone by now
        # the try stays counted, which errs on the safe side.
        if self._asking():
            try:
                await self._shared.settle(claims, succeeded=succeeded)
            except LedgerDown:
                self._failed()

    def _asking(self) -> bool:
        return self._clock.monotonic() >= self._asks_again

    def _failed(self) -> None:
        self._asks_again = self._clock.monotonic() + self._pause
        self._on_outage()

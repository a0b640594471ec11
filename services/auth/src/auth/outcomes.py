"""How sign-ins and refreshes end, and how old the revocations are: for whoever watches auth."""

from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Final

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from auth.feed import RevocationFeed
from chassis.errors import ServiceError

_NEVER: Final = float("inf")


class Outcomes:
    """Counts by the stable reason of a refusal; `OK` where there was none."""

    def __init__(self, feed: RevocationFeed, meter: Meter) -> None:
        self._sign_ins, self._refreshes = _Counted(), _Counted()
        meter.create_observable_counter(
            "auth.sign_ins", [self._sign_ins.told], description="Sign-ins by outcome."
        )
        meter.create_observable_counter(
            "auth.refreshes", [self._refreshes.told], description="Refreshes by outcome."
        )

        def staleness(_: CallbackOptions) -> Iterable[Observation]:
            seconds = feed.staleness()
            return [Observation(seconds)] if seconds != _NEVER else []

        meter.create_observable_gauge(
            "auth.revocations.staleness",
            callbacks=[staleness],
            unit="s",
            description="Seconds since the database was last read for revocations.",
        )

    def sign_in(self) -> AbstractContextManager[None]:
        return self._sign_ins

    def refresh(self) -> AbstractContextManager[None]:
        return self._refreshes


class _Counted(AbstractContextManager[None]):
    """Around each of them. Told when somebody asks: a counter of OpenTelemetry's costs 5 % of a refresh."""

    def __init__(self) -> None:
        self._by_outcome = Counter[str]()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self._by_outcome["OK"] += 1
        elif isinstance(error, ServiceError):
            self._by_outcome[error.reason] += 1

    def told(self, _: CallbackOptions) -> Iterable[Observation]:
        # A copy: whoever reads does so on a thread of their own.
        return [Observation(count, {"outcome": outcome}) for outcome, count in dict(self._by_outcome).items()]

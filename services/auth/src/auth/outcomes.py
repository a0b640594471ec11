"""How sign-ins and refreshes end, and how old the revocations are: for whoever watches auth."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from opentelemetry.metrics import CallbackOptions, Counter, Meter, Observation

from auth.feed import RevocationFeed
from chassis.errors import ServiceError

_NEVER: Final = float("inf")


class Outcomes:
    """Counts by the stable reason of a refusal; `OK` where there was none."""

    def __init__(self, feed: RevocationFeed, meter: Meter) -> None:
        self._sign_ins = meter.create_counter("auth.sign_ins", description="Sign-ins by outcome.")
        self._refreshes = meter.create_counter("auth.refreshes", description="Refreshes by outcome.")

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
        return _counted(self._sign_ins)

    def refresh(self) -> AbstractContextManager[None]:
        return _counted(self._refreshes)


@contextmanager
def _counted(counter: Counter) -> Iterator[None]:
    try:
        yield
    except ServiceError as error:
        counter.add(1, {"outcome": error.reason})
        raise
    counter.add(1, {"outcome": "OK"})

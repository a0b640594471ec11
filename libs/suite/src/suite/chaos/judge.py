"""Whether a promise was kept: what was seen before, during and after a fault makes one cell of the matrix."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suite.chaos.drive import Sample, Samples, median, p99
from suite.chaos.promises import Promise
from suite.chaos.routes import Route

IN_A_ROW = 3
NO_ANSWER = "no answer"
FAILED = frozenset({"connection lost", "502", "503", "503 without Retry-After", "504"})


@dataclass(frozen=True, slots=True)
class Moments:
    """Of a fault, by `time.monotonic`.

    Args:
        quiet: when the good times right before it began.
        began: when it was begun to be injected.
        there: when it was wholly there.
        ending: when it was begun to be lifted.
        over: when what was broken said that it is back.
    """

    quiet: float
    began: float
    there: float
    ending: float
    over: float

    def during(self, samples: Sequence[Sample]) -> list[Sample]:
        return [sample for sample in samples if self.began < sample.ended <= self.ending]

    def waited(self, samples: Sequence[Sample]) -> float:
        """Seconds that whoever was still waiting at the end of the fault had waited by then."""
        waiting = [sample.began for sample in samples if sample.began < self.ending < sample.ended]
        return max((self.ending - began for began in waiting), default=0.0)

    def before(self, samples: Sequence[Sample]) -> list[Sample]:
        return [sample for sample in samples if self.quiet <= sample.began and sample.ended <= self.began]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a route did under a fault, against its promise. Times are in seconds."""

    promise: Promise
    outcomes: Mapping[str, int]
    p99: float
    quiet_p99: float
    # None: it did not come back while we looked.
    back: float | None
    # Sentences; those about time alone are told apart, for a busy machine breaks those too.
    wrong: tuple[str, ...] = ()
    late: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        return not self.wrong and not self.late


@dataclass(frozen=True, slots=True)
class Machine:
    """What a process that does nothing felt during the fault, in seconds.

    Args:
        slowest: the longest it took.
        longer: that, against its p99 in quiet times.
        median: the same of the medians, against those right before.
    """

    slowest: float = 0.0
    longer: float = 0.0
    median: float = 0.0

    @classmethod
    def felt(cls, still: Sequence[Sample], quiet: Sequence[Sample], moments: Moments) -> "Machine":
        during, before = moments.during(still), moments.before(quiet)
        if not during or not before:
            return cls()
        slowest = max(sample.took for sample in during)
        return cls(slowest, max(0.0, slowest - p99(quiet)), max(0.0, median(during) - median(before)))


def judge(
    route: Route,
    promise: Promise,
    samples: Sequence[Sample],
    moments: Moments,
    quiet: Sequence[Sample],
    machine: Machine,
) -> Cell:
    """One cell.

    Args:
        route: whose samples these are.
        promise: what was promised of it under this fault.
        samples: all of them.
        moments: of the fault.
        quiet: of good times, to compare with.
        machine: what is no doing of the suite.
    """
    # One asking of many requests that saw both sides of a moment says nothing about either.
    edges = (moments.began, moments.there, moments.ending, moments.over)
    whole = [
        sample
        for sample in samples
        if not (route.many and any(sample.began < edge < sample.ended for edge in edges))
    ]
    during = moments.during(whole)
    if not during or not quiet:
        # Whoever waits all the while may only be late.
        waiting = moments.waited(samples) > 0
        told = ("nothing was answered" if waiting else "nothing was seen",)
        return Cell(promise, {}, 0.0, 0.0, None, () if waiting else told, told if waiting else ())
    back = _back(route, [sample for sample in whole if sample.ended > moments.over], moments.over)
    wrong = _wrong(route, promise, whole, moments)
    late = _late(promise, during, quiet, moments.before(quiet), machine)
    waited = moments.waited(whole)
    if promise.within is not None and waited > promise.within + machine.slowest:
        late.append(f"one had waited {waited * 1000:.0f} ms when the fault ended")
    if back is None:
        wrong.append("it did not come back")
    elif back > promise.back:
        late.append(f"back after {back:.1f} s")
    # Who gave up waiting was late, too.
    timed = [sentence for sentence in wrong if route.timed or sentence.startswith(NO_ANSWER)]
    wrong, late = [sentence for sentence in wrong if sentence not in timed], timed + late
    outcomes = Counter(sample.outcome for sample in during)
    return Cell(promise, outcomes, p99(during), p99(quiet), back, tuple(wrong), tuple(late))


def _back(route: Route, after: Sequence[Sample], over: float) -> float | None:
    """Seconds until the first of some usual outcomes in a row; None where there were none."""
    since, count = over, 0
    for sample in after:
        if sample.outcome in route.usual:
            count += 1
            if count == _enough(route):
                return since - over
        else:
            since, count = sample.ended, 0
    return None


def _wrong(route: Route, promise: Promise, samples: Sequence[Sample], moments: Moments) -> list[str]:
    """Outcomes that were not promised; on the way in and out of a fault the usual ones may be, too."""
    seen: Counter[str] = Counter()
    lost = 0
    for sample in samples:
        if not moments.began < sample.ended <= moments.over:
            continue
        inside = sample.began >= moments.there and sample.ended <= moments.ending
        if sample.outcome in promise.outcomes or (not inside and sample.outcome in route.usual):
            continue
        if promise.lost is not None and sample.began <= moments.there + promise.lost and _failed(sample):
            lost += 1
            if lost == 1:
                continue
        seen[sample.outcome] += 1
    return [f"{outcome} x {count}" for outcome, count in sorted(seen.items())]


def _failed(sample: Sample) -> bool:
    return sample.outcome in FAILED or sample.outcome.startswith(NO_ANSWER)


def _late(
    promise: Promise,
    during: Sequence[Sample],
    quiet: Sequence[Sample],
    before: Sequence[Sample],
    machine: Machine,
) -> list[str]:
    told = []
    slowest = max(sample.took for sample in during)
    if promise.within is not None and slowest > promise.within + machine.slowest:
        told.append(f"the slowest took {slowest * 1000:.0f} ms")
    added = p99(during) - p99(quiet)
    if promise.added is not None and added >= promise.added + machine.longer:
        told.append(f"p99 + {added * 1000:.0f} ms")
    if promise.median_added is not None and before:
        added = median(during) - median(before)
        if added >= promise.median_added + machine.median:
            told.append(f"median + {added * 1000:.2f} ms")
    return told


def _since(route: Route, sample: Sample, since: float) -> bool:
    return (sample.began if route.many else sample.ended) > since


def _enough(route: Route) -> int:
    return 1 if route.many else IN_A_ROW


def settled(routes: Sequence[Route], samples: Samples, since: float) -> bool:
    """Whether the latest of every route are as usual, ended after `since`."""
    return all(
        len(latest := [s for s in samples[route.name][-_enough(route) :] if _since(route, s, since)])
        >= _enough(route)
        and all(sample.outcome in route.usual for sample in latest)
        for route in routes
    )

"""What a fault is: how it is done and undone; and those that a passage alone can play."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from suite.chaos.passage import Passage
from suite.chaos.stage import Stage

SECONDS = 3.0
Act = Callable[[Stage], object]


def _nothing(_: Stage) -> None:
    return


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Args:
        how: what is done, for people.
        inject: returns when it is done.
        lift: returns when what was broken says itself that it is back.
        prepare: makes what has to be there before.
        seconds: how long it lasts.
        quiet: seconds of good times before it, to compare with.
    """

    how: str
    inject: Act
    lift: Act
    prepare: Act = _nothing
    seconds: float = SECONDS
    quiet: float = 0.8


Pick = Callable[[Stage], Passage]


def refusing(pick: Pick, *, politely: bool, quiet: float = 0.8) -> Fault:
    how = "its port is refused; " + ("connections are closed" if politely else "connections are reset")
    return Fault(
        how,
        inject=lambda stage: stage.call(pick(stage).refuse(politely=politely)),
        lift=lambda stage: stage.call(pick(stage).open()),
        seconds=4.0,
        quiet=quiet,
    )


def silent(pick: Pick, *, quiet: float = 0.8) -> Fault:
    return Fault(
        "connections are taken and nothing comes back",
        inject=lambda stage: stage.soon(pick(stage).hang),
        lift=lambda stage: stage.soon(pick(stage).heal),
        seconds=5.0,
        quiet=quiet,
    )


def slow(
    pick: Callable[[Stage], Sequence[Passage]], delay: float, *, seconds: float = SECONDS, quiet: float = 0.8
) -> Fault:
    def inject(stage: Stage) -> None:
        for passage in pick(stage):
            passage.delay = delay

    def lift(stage: Stage) -> None:
        for passage in pick(stage):
            stage.soon(passage.heal)

    told = f"every piece waits {delay * 1000:.0f} ms, each way"
    return Fault(told, inject, lift, seconds=seconds, quiet=quiet)

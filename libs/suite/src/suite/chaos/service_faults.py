"""Replicas of our own services stopped, killed and hung: one of two, or all."""

from collections.abc import Sequence

from suite.chaos.fault import Fault
from suite.chaos.passage import Passage
from suite.chaos.stage import Stage

READY_SECONDS = 60


def ended(service: str, *, every: bool, killed: bool) -> Fault:
    def inject(stage: Stage) -> None:
        children = [stage.suite.children[name] for name in _out(stage, service, every=every)]
        for child in children:
            if killed:
                child.kill()
            else:
                child.ask_to_stop()
        for child in children:
            child.stop(READY_SECONDS)
        for passage in _passages(stage, service, every=every):
            stage.call(passage.refuse())

    def lift(stage: Stage) -> None:
        for passage in _passages(stage, service, every=every):
            stage.call(passage.open())
        start(stage, _names(service, every=every))

    return Fault("SIGKILL; its port is refused" if killed else "SIGTERM; its port is refused", inject, lift)


def hung(service: str, *, every: bool, seconds: float) -> Fault:
    def inject(stage: Stage) -> None:
        for name in _out(stage, service, every=every):
            stage.suite.children[name].pause()

    def lift(stage: Stage) -> None:
        names = _names(service, every=every)
        for name in names:
            stage.suite.children[name].resume()
        stage.out.difference_update(names)

    return Fault("SIGSTOP: connections stay, nothing answers", inject, lift, seconds=seconds)


def start(stage: Stage, names: Sequence[str]) -> None:
    """Returns when each says that it is ready."""
    children = [stage.suite.children[name] for name in names]
    for child in children:
        child.start()
    for child in children:
        child.wait(READY_SECONDS)
    stage.out.difference_update(names)


def _names(service: str, *, every: bool) -> list[str]:
    return [service, f"{service}-2"] if every else [f"{service}-2"]


def _out(stage: Stage, service: str, *, every: bool) -> list[str]:
    names = _names(service, every=every)
    stage.out.update(names)
    return names


def _passages(stage: Stage, service: str, *, every: bool) -> Sequence[Passage]:
    # A gateway's own port refuses by itself: the balancer goes there directly.
    if service == "gateway":
        return ()
    return stage.passages(service)[0 if every else 1 :]

"""Every fault there is, by what it befalls and how."""

import time
from collections.abc import Mapping

from suite.chaos import postgres_faults, redis_faults
from suite.chaos.fault import Fault, refusing, silent, slow
from suite.chaos.passage import Passage
from suite.chaos.service_faults import READY_SECONDS, ended, hung, start
from suite.chaos.stage import MODEL_SECONDS, Stage
from triage.testing.fake_model import Mood

_DELAY_SECONDS = 0.1
_ROLLED_SECONDS = 2.5
# As long as a comparison of medians needs.
_QUIET_SECONDS = 4.0


def _model(stage: Stage) -> Passage:
    return stage.model


def _collector(stage: Stage) -> Passage:
    return stage.collector


def _rolled_out(stage: Stage, *, model: bool) -> None:
    """Another configuration, replica by replica."""
    for child in stage.replicas("triage"):
        stage.out.add(child.name)
        stage.tell_model(child, configured=model)
        child.stop(READY_SECONDS)
        start(stage, [child.name])
        # As minReadySeconds does: who calls it has to have come back to it.
        time.sleep(_ROLLED_SECONDS)


def _replicas(service: str, *, every: bool, silence: float) -> dict[tuple[str, str], Fault]:
    who = "all" if every else "one"
    return {
        (service, f"{who} stopped"): ended(service, every=every, killed=False),
        (service, f"{who} killed"): ended(service, every=every, killed=True),
        (service, f"{who} hung"): hung(service, every=every, seconds=silence),
    }


FAULTS: Mapping[tuple[str, str], Fault] = {
    **{("Redis", how): fault for how, fault in redis_faults.FAULTS.items()},
    **{("Postgres", how): fault for how, fault in postgres_faults.FAULTS.items()},
    **_replicas("auth", every=False, silence=4.0),
    **_replicas("auth", every=True, silence=4.0),
    ("auth", "all slow"): slow(lambda stage: stage.auths, _DELAY_SECONDS),
    # Longer than a triage may take.
    **_replicas("triage", every=False, silence=6.5),
    **_replicas("triage", every=True, silence=6.5),
    ("triage", "all slow"): slow(lambda stage: stage.triages, _DELAY_SECONDS),
    ("model", "stopped"): refusing(_model, politely=True),
    ("model", "killed"): refusing(_model, politely=False),
    ("model", "hung"): silent(_model),
    # Later than triage waits for it.
    ("model", "slow"): slow(lambda stage: (stage.model,), MODEL_SECONDS, seconds=5.0),
    ("model", "failing"): Fault(
        "it answers every question with 500",
        lambda stage: stage.feel(Mood.SERVER_ERROR),
        lambda stage: stage.feel(Mood.HONEST),
    ),
    ("model", "not configured"): Fault(
        "triage is rolled out without one, then with it again",
        lambda stage: _rolled_out(stage, model=False),
        lambda stage: _rolled_out(stage, model=True),
    ),
    ("collector", "stopped"): refusing(_collector, politely=True, quiet=_QUIET_SECONDS),
    ("collector", "killed"): refusing(_collector, politely=False, quiet=_QUIET_SECONDS),
    ("collector", "hung"): silent(_collector, quiet=_QUIET_SECONDS),
    ("collector", "slow"): slow(
        lambda stage: (stage.collector,), _DELAY_SECONDS, seconds=4.0, quiet=_QUIET_SECONDS
    ),
    **_replicas("gateway", every=False, silence=4.0),
}

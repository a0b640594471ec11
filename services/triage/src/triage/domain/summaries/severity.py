"""How bad it is at least: what the counts say, raised by failures that are grave by their nature."""

from triage.domain import severity
from triage.domain.model import Level, Severity
from triage.domain.summaries.hint import Weight
from triage.domain.summaries.model import Observation


def floor(observations: tuple[Observation, ...]) -> tuple[Severity, str]:
    """The severity, and in a few words the rule that set it."""
    groups = [observation.group for observation in observations]
    counted = severity.overall(groups)
    grave = _gravest(observations)
    if grave is not None and grave.hint is not None:
        least = Severity.CRITICAL if grave.hint.weight >= Weight.DISASTER else Severity.HIGH
        if least >= counted:
            return least, f"{grave.hint.title.lower()} ({grave.group.id})"
    fatal = sum(group.count for group in groups if group.level >= Level.FATAL)
    if fatal:
        return counted, f"{fatal:,} fatal record{'' if fatal == 1 else 's'}"
    errors = sum(group.count for group in groups if group.level >= Level.ERROR)
    if errors:
        return counted, f"{errors:,} error{'' if errors == 1 else 's'}, none fatal"
    return counted, "nothing at ERROR or worse" if groups else "no errors"


def _gravest(observations: tuple[Observation, ...]) -> Observation | None:
    """The gravest outage or worse; a client's fault in an access log is neither."""
    grave = [
        observation
        for observation in observations
        if observation.group.level >= Level.ERROR
        and observation.hint is not None
        and observation.hint.weight >= Weight.OUTAGE
    ]
    return max(
        grave, key=lambda observation: observation.hint.weight if observation.hint else 0, default=None
    )

"""How bad the records themselves say it is; no model can argue with this.

Severity follows from levels and counts alone, so that neither a model nor
text injected into a log can raise or lower it.
"""

from collections.abc import Iterable
from typing import Final

from triage.domain.model import Group, Level, Severity

_MANY: Final = 1000
_SOME: Final = 50
_MANY_FATAL: Final = 10


def of_group(group: Group) -> Severity:
    """CRITICAL for repeated fatal records, HIGH for any or for very many errors, else by count."""
    if group.level >= Level.FATAL:
        return Severity.CRITICAL if group.count >= _MANY_FATAL else Severity.HIGH
    if group.count >= _MANY:
        return Severity.HIGH
    return Severity.MEDIUM if group.count >= _SOME else Severity.LOW


def overall(groups: Iterable[Group]) -> Severity:
    """The worst of them; NONE where there are no errors."""
    return max((of_group(group) for group in groups), default=Severity.NONE)

"""The table of failures, and which of them a text tells of."""

from typing import Final

from triage.domain.summaries.application_hints import APPLICATION
from triage.domain.summaries.hint import Hint
from triage.domain.summaries.platform_hints import PLATFORM

HINTS: Final = (*PLATFORM, *APPLICATION)


def hint_for(text: str) -> Hint | None:
    """The first class of the table that fits; the table runs from causes to symptoms."""
    folded = text.lower()
    return next((hint for hint in HINTS if hint.fits(folded)), None)

"""The extractive summary: what happened, how bad, where it began, and what to look at first."""

from triage.domain.summaries.extract import summarize
from triage.domain.summaries.hint import Hint, Weight
from triage.domain.summaries.hints import HINTS, hint_for
from triage.domain.summaries.model import Extract, FirstCause, Observation
from triage.domain.summaries.rendering import render

__all__ = [
    "HINTS",
    "Extract",
    "FirstCause",
    "Hint",
    "Observation",
    "Weight",
    "hint_for",
    "render",
    "summarize",
]

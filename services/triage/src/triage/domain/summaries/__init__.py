"""The extractive summary: what happened, how bad, where it began, and what to look at first."""

from triage.domain.summaries.extract import summarize
from triage.domain.summaries.hints import HINTS, Hint, Weight, hint_for
from triage.domain.summaries.model import Extract, FirstCause, Observation
from triage.domain.summaries.rendering import render

__all__ = [
    "HINTS",
    "Observation",
    "FirstCause",
    "Hint",
    "Extract",
    "Weight",
    "hint_for",
    "render",
    "summarize",
]

"""What triage counts: answers by where they come from, the model's use, redactions, dropped claims.

`gen_ai.*` follow OpenTelemetry's semantic conventions for generative AI; the
rest are our own names. No label holds text from a log.
"""

import logging
from collections.abc import Iterable
from typing import Final

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from chassis.observability.context import recorded
from chassis.observability.histograms import histogram
from chassis.observability.metrics import AGES, SECONDS
from triage.domain.answer import AnswerSource, ModelUse, Summary
from triage.llm.breaker import ModelBreaker

log = logging.getLogger(__name__)

_ANSWERED: Final = "answered"
_STATES: Final = {"closed": 0, "half-open": 1, "open": 2}
_DIRECTIONS: Final = ("input", "output")
_TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536)


class Telemetry:
    def __init__(self) -> None:
        meter = self._meter = metrics.get_meter("triage")
        self._answers = meter.create_counter(
            "triage.answers", description="Summaries given, by source and the model's outcome."
        )
        self._duration = histogram(
            "triage.answer.duration",
            unit="s",
            description="From the request to its summary.",
            bounds=SECONDS,
        )
        self._stage = histogram(
            "triage.stage.duration",
            unit="s",
            description="What each stage of a summary took.",
            bounds=SECONDS,
        )
        self._age = histogram(
            "triage.cached.age", unit="s", description="How old kept answers were when given.", bounds=AGES
        )
        self._read = meter.create_counter("triage.read", unit="By", description="Log text read.")
        self._redactions = meter.create_counter("triage.redactions", description="Values redacted, by rule.")
        self._dropped = meter.create_counter(
            "triage.claims.dropped", description="Claims of the model that did not hold, by reason."
        )
        self._cost = meter.create_counter("triage.model.cost", unit="USD", description="Spent on the model.")
        self._model_duration = histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="Questions to the model, the second try included.",
            bounds=SECONDS,
        )
        self._model_tokens = histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Tokens of one question, by direction.",
            bounds=_TOKENS,
        )

    def begins(self, model: str) -> None:
        """What a model uses is told from nothing on, so that the first question is a rise too."""
        labels = _labels(model)
        self._cost.add(0.0, {"gen_ai.request.model": model})
        for direction in _DIRECTIONS:
            self._model_tokens.from_zero({**labels, "gen_ai.token.type": direction})

    def staged(self, stage: str, seconds: float) -> None:
        """One of the stages of a summary took so long."""
        self._stage.series({"triage.stage": stage}).record(seconds, recorded())

    def watch(self, breaker: ModelBreaker) -> None:
        """Tells the breaker's state: 0 closed, 1 half-open, 2 open."""

        def state(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(_STATES[breaker.state])]

        self._meter.create_observable_gauge(
            "triage.breaker.state", [state], description="0 closed, 1 half-open, 2 open."
        )

    def bounded(self, *, tokens: int, cost: float) -> None:
        """Tells the daily bounds of the model's use; 0 is none."""

        def bounds(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(tokens, {"kind": "tokens"}), Observation(cost, {"kind": "cost"})]

        self._meter.create_observable_gauge(
            "triage.budget.limit", [bounds], description="What the model may use a day, 0 for no bound."
        )

    def answered(self, summary: Summary, seconds: float) -> None:
        """One summary was given; its counts, never its words, go into the log."""
        outcome = summary.model.outcome if summary.model else "no_model"
        labels = {"triage.source": summary.source.value, "triage.model.outcome": outcome}
        self._answers.add(1, labels)
        self._duration.series({"triage.source": summary.source.value}).record(seconds, recorded())
        if summary.source is AnswerSource.CACHED:
            self._age.series({"triage.stale": str(summary.stale).lower()}).record(summary.age_seconds)
        self._read.add(summary.reading.bytes)
        for rule in summary.redactions:
            self._redactions.add(rule.count, {"triage.rule": rule.rule})
        for reason, count in summary.dropped:
            self._dropped.add(count, {"triage.reason": reason})
        log.info(
            "triage.answered",
            extra={
                "summary": summary.id,
                "source": summary.source.value,
                "outcome": outcome,
                "severity": summary.severity.name,
                "lines": summary.reading.lines,
                "errors": summary.reading.errors,
                "groups": summary.reading.groups,
                "truncated": summary.reading.input_truncated,
                "redactions": sum(rule.count for rule in summary.redactions),
                "seconds": round(seconds, 3),
            },
        )

    def asked(self, use: ModelUse, seconds: float) -> None:
        """One question was put to the model, and ended as its outcome says."""
        labels = _labels(use.model)
        ended = labels if use.outcome == _ANSWERED else {**labels, "error.type": str(use.outcome)}
        self._model_duration.series(ended).record(seconds, recorded())
        self.staged("model", seconds)
        self._cost.add(use.cost, {"gen_ai.request.model": use.model})
        for direction, tokens in zip(_DIRECTIONS, (use.input_tokens, use.output_tokens), strict=True):
            if tokens:
                self._model_tokens.series({**labels, "gen_ai.token.type": direction}).record(tokens)
        if use.outcome != _ANSWERED:
            log.warning("model.no_answer", extra={"model": use.model, "outcome": str(use.outcome)})


def _labels(model: str) -> dict[str, str]:
    return {"gen_ai.operation.name": "chat", "gen_ai.request.model": model}

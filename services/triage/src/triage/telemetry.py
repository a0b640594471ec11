"""What triage counts: answers by where they come from, the model's use, redactions, dropped claims.

`gen_ai.*` follow OpenTelemetry's semantic conventions for generative AI; the
rest are our own names. No label holds text from a log.
"""

import logging
from collections.abc import Iterable
from typing import Final

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from chassis.observability.metrics import SECONDS
from triage.domain.answer import ModelUse, Summary
from triage.llm.breaker import ModelBreaker

log = logging.getLogger(__name__)

_ANSWERED: Final = "answered"
_STATES: Final = {"closed": 0, "half-open": 1, "open": 2}
_TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536)


class Telemetry:
    def __init__(self) -> None:
        meter = self._meter = metrics.get_meter("triage")
        self._answers = meter.create_counter(
            "triage.answers", description="Summaries given, by source and the model's outcome."
        )
        self._duration = meter.create_histogram(
            "triage.answer.duration",
            unit="s",
            description="From the request to its summary.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self._read = meter.create_counter("triage.read", unit="By", description="Log text read.")
        self._redactions = meter.create_counter("triage.redactions", description="Values redacted, by rule.")
        self._dropped = meter.create_counter(
            "triage.claims.dropped", description="Claims of the model that did not hold, by reason."
        )
        self._cost = meter.create_counter("triage.model.cost", unit="USD", description="Spent on the model.")
        self._model_duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="Questions to the model, the second try included.",
            explicit_bucket_boundaries_advisory=SECONDS,
        )
        self._model_tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Tokens of one question, by direction.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )

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
        self._duration.record(seconds, {"triage.source": summary.source.value})
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
        labels = {"gen_ai.operation.name": "chat", "gen_ai.request.model": use.model}
        ended = labels if use.outcome == _ANSWERED else {**labels, "error.type": str(use.outcome)}
        self._model_duration.record(seconds, ended)
        self._cost.add(use.cost, {"gen_ai.request.model": use.model})
        for direction, tokens in (("input", use.input_tokens), ("output", use.output_tokens)):
            if tokens:
                self._model_tokens.record(tokens, {**labels, "gen_ai.token.type": direction})
        if use.outcome != _ANSWERED:
            log.warning("model.no_answer", extra={"model": use.model, "outcome": str(use.outcome)})

"""Triage's answers from the wire into the shapes of the API."""

from typing import Literal

from gateway.shapes import triage as shapes
from gateway.upstreams.timestamps import moment, moment_or_none
from reliability.triage.v1 import triage_pb2 as pb

_SEVERITIES: dict[int, shapes.Severity] = {
    pb.SEVERITY_LOW: "low",
    pb.SEVERITY_MEDIUM: "medium",
    pb.SEVERITY_HIGH: "high",
    pb.SEVERITY_CRITICAL: "critical",
}
_SOURCES: dict[int, Literal["model", "cached"]] = {
    pb.ANSWER_SOURCE_MODEL: "model",
    pb.ANSWER_SOURCE_CACHED: "cached",
}
_STAGES: dict[int, Literal["grouping", "model", "done"]] = {
    pb.STAGE_GROUPING: "grouping",
    pb.STAGE_MODEL: "model",
    pb.STAGE_DONE: "done",
}


def progress(message: pb.Progress) -> shapes.Progress:
    return shapes.Progress(stage=_STAGES.get(message.stage, "reading"), reading=_reading(message.reading))


def preview(message: pb.PreviewResponse) -> shapes.Preview:
    return shapes.Preview(
        request_body=message.request_body.decode("utf-8", "replace"),
        endpoint=message.endpoint,
        estimated_tokens=message.estimated_tokens,
        reading=_reading(message.reading),
        redactions=_redactions(message.redactions),
    )


def summary(message: pb.Summary) -> shapes.Summary:
    return shapes.Summary(
        id=message.id,
        created_at=moment(message.created_at),
        source=_SOURCES.get(message.source, "extractive"),
        age_seconds=message.age_seconds,
        stale=message.stale,
        severity=_SEVERITIES.get(message.severity, "none"),
        headline=message.headline,
        summary=message.text,
        findings=[_finding(finding) for finding in message.findings],
        groups=[_group(group) for group in message.groups],
        suspected_first_cause=message.suspected_first_cause,
        reading=_reading(message.reading),
        redactions=_redactions(message.redactions),
        dropped=[shapes.Dropped(reason=claim.reason, count=claim.count) for claim in message.dropped],
        model=_model(message.model) if message.HasField("model") else None,
    )


def _reading(message: pb.Reading) -> shapes.Reading:
    return shapes.Reading(
        bytes=message.bytes,
        lines=message.lines,
        records=message.records,
        errors=message.errors,
        groups=message.groups,
        groups_overflowed=message.groups_overflowed,
        lines_truncated=message.lines_truncated,
        input_truncated=message.input_truncated,
        first_seen=moment_or_none(message.first_seen),
        last_seen=moment_or_none(message.last_seen),
    )


def _redactions(message: pb.RedactionReport) -> shapes.Redactions:
    return shapes.Redactions(
        total=message.total,
        rules=[
            shapes.RuleCount(rule=rule.rule, count=rule.count, lines=list(rule.lines))
            for rule in message.rules
        ],
    )


def _finding(message: pb.Finding) -> shapes.Finding:
    return shapes.Finding(
        title=message.title,
        explanation=message.explanation,
        severity=_SEVERITIES.get(message.severity, "none"),
        citations=[
            shapes.Citation(group_id=cited.group_id, quote=cited.quote) for cited in message.citations
        ],
        next_step=message.next_step,
    )


def _group(message: pb.Group) -> shapes.LogGroup:
    return shapes.LogGroup(
        id=message.id,
        template=message.template,
        level=message.level,
        count=message.count,
        first_seen=moment_or_none(message.first_seen),
        last_seen=moment_or_none(message.last_seen),
        example=message.example,
        trace_id=message.trace_id,
        root_cause=message.root_cause,
        hint=message.hint,
        rate_per_minute=message.rate_per_minute,
        first_line=message.first_line,
    )


def _model(message: pb.ModelUse) -> shapes.ModelUse:
    return shapes.ModelUse(
        model=message.model,
        input_tokens=message.input_tokens,
        output_tokens=message.output_tokens,
        cost=message.cost,
        calls=message.calls,
        outcome=message.outcome,
    )

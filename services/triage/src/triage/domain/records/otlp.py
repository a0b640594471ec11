"""OTLP in JSON: one object holds resources, they hold scopes, and these hold log records."""

from collections.abc import Iterator, Mapping
from typing import Any

from triage.domain.model import Level
from triage.domain.records import levels
from triage.domain.records.parts import Parts


def severity_of(fields: Mapping[str, Any]) -> Level | None:
    """The worst severity of all log records inside; None where none states one."""
    return max(
        (level for record in _records(fields) if (level := _severity(record)) is not None), default=None
    )


def fill(fields: Mapping[str, Any], parts: Parts) -> None:
    """The parts of the worst record inside."""
    worst = max(_records(fields), key=lambda record: _severity(record) or 0, default=None)
    if worst is None:
        return
    body = worst.get("body")
    text = body.get("stringValue") if isinstance(body, dict) else body
    parts.message = text if isinstance(text, str) else parts.message
    stamp = worst.get("timeUnixNano")
    if not parts.stamp and isinstance(stamp, str | int):
        parts.stamp = stamp
    trace = worst.get("traceId")
    parts.trace_id = trace if isinstance(trace, str) else parts.trace_id


def _severity(record: Mapping[str, Any]) -> Level | None:
    number, text = record.get("severityNumber"), record.get("severityText")
    if (
        isinstance(number, int)
        and not isinstance(number, bool)
        and (level := levels.of_otel(number)) is not None
    ):
        return level
    if isinstance(number, str):
        return levels.of_word(number.removeprefix("SEVERITY_NUMBER_").rstrip("1234"))
    return levels.of_word(text) if isinstance(text, str) else None


def _records(fields: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from _objects(fields, "logRecords")
    for scope in _objects(fields, "scopeLogs"):
        yield from _objects(scope, "logRecords")
    for resource in _objects(fields, "resourceLogs"):
        for scope in _objects(resource, "scopeLogs"):
            yield from _objects(scope, "logRecords")


def _objects(fields: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    inner = fields.get(key)
    for item in inner if isinstance(inner, list) else ():
        if isinstance(item, dict):
            yield item

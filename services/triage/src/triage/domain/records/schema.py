"""Which JSON field holds what, schema by schema, in order of trust."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from triage.domain.records import otlp
from triage.domain.records.parts import Parts

LEVELS: Final = (
    "level",
    "log.level",
    "severity",
    "lvl",
    "levelname",
    "level_name",
    "log_level",
    "loglevel",
    "logLevel",
    "LogLevel",
    "@l",
    "@level",
    "Level",
    "Severity",
    "LEVEL",
    "SEVERITY",
    "severityText",
    "severity_text",
    "SeverityText",
    "error_severity",
    "priority_name",
    "syslog.severity",
    "severityNumber",
    "severity_number",
    "SeverityNumber",
    "severityLevel",
    "levelno",
    "level_value",
    "PRIORITY",
    "priority",
    "levelName",
    "LevelDisplayName",
    "s",
    "status",
    "type",
)
NESTED: Final = (
    "log", "fields", "record", "attributes", "attr", "jsonPayload", "event", "body", "data", "@fields",
    "syslog", "context", "Properties", "labels", "extra", "entry",
)  # fmt: skip
MESSAGES: Final = (
    "message", "msg", "MESSAGE", "log", "@message", "@m", "@mt", "event", "short_message", "body",
    "Body", "text", "Message", "textPayload", "line", "_raw", "RenderedMessage", "MessageTemplate",
    "full_message", "description",
)  # fmt: skip
ERRORS: Final = (
    "error", "err", "exception", "Exception", "@x", "exc_info", "stack_trace", "stacktrace", "stack",
    "error.message", "error.stack_trace", "traceback",
)  # fmt: skip
_STAMPS: Final = (
    "@timestamp", "timestamp", "time", "ts", "@t", "t", "Timestamp", "asctime", "datetime",
    "timeUnixNano", "__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "eventTime", "date",
    "created", "Time",
)  # fmt: skip
_LOGGERS: Final = (
    "logger", "logger_name", "log.logger", "loggerName", "name", "SourceContext", "channel",
    "component", "target", "app", "c", "category", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "service",
    "module", "source", "caller", "Category",
)  # fmt: skip
_TRACES: Final = (
    "trace_id", "traceId", "traceID", "trace.id", "TraceId", "traceid", "dd.trace_id", "@tr",
    "otelTraceID", "logging.googleapis.com/trace", "trace", "X-B3-TraceId", "correlation_id",
    "request_id", "requestId",
)  # fmt: skip


def fill(fields: Mapping[str, Any], parts: Parts) -> None:
    """Set message, stamp, logger and trace from the fields; an outer stamp stays."""
    if "resourceLogs" in fields:
        otlp.fill(fields, parts)
        return
    parts.message = _message(fields) or parts.message
    stamp = next(_found(fields, _STAMPS), None)
    if isinstance(stamp, dict):
        stamp = stamp.get("$date")
    if not parts.stamp and isinstance(stamp, str | int | float) and not isinstance(stamp, bool):
        parts.stamp = stamp
    parts.logger = _text(fields, _LOGGERS) or parts.logger
    parts.trace_id = _text(fields, _TRACES) or parts.trace_id


def _message(fields: Mapping[str, Any]) -> str:
    message = ""
    for value in _found(fields, MESSAGES):
        if isinstance(value, dict):
            inner = value.get("stringValue", value.get("message"))
            value = inner if isinstance(inner, str) else ""  # noqa: PLW2901 - the text inside stands for the object
        if isinstance(value, str) and value:
            message = value
            break
    cause = next(_found(fields, ERRORS), None)
    if isinstance(cause, dict):
        cause = cause.get("message") or cause.get("msg") or cause.get("type")
    # zap's and logrus' message says what was tried; the error beside it says why it failed.
    if isinstance(cause, str) and cause and cause[:200] not in message:
        message = f"{message}: {cause}" if message else cause
    return message


def _found(fields: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[Any]:
    """Values that are there and not empty; the object's own fields before those of nested objects."""
    for key in keys:
        if fields.get(key) not in (None, "", [], {}):
            yield fields[key]
    for nest in NESTED:
        inner = fields.get(nest)
        if isinstance(inner, dict):
            for key in keys:
                if inner.get(key) not in (None, "", [], {}):
                    yield inner[key]


def _text(fields: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((value[:256] for value in _found(fields, keys) if isinstance(value, str)), "")

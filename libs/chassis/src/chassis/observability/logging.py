"""Logs: one JSON object a line on stdout, with the trace it belongs to, never a secret.

`logging.getLogger(__name__).info("session.replayed", extra={"session": sid})`:
the message is a stable event name, everything else is a field.
"""

import logging
import logging.config
import sys
from typing import Final

from pythonjsonlogger.orjson import OrjsonFormatter

from chassis.observability.context import current

_HIDDEN: Final = "[hidden]"
_SECRET_FIELDS = frozenset(
    (
        *(
            "password",
            "passwd",
            "secret",
            "token",
            "access_token",
            "refresh_token",
            "device_token",
            "reset_token",
        ),
        *("authorization", "cookie", "api_key", "client_secret", "secret_key", "pepper"),
    )
)


class _Formatter(OrjsonFormatter):
    def __init__(self, service: str) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger", "message": "event"},
            timestamp=True,
            static_fields={"service": service},
        )

    def process_log_record(self, log_data: dict[str, object]) -> dict[str, object]:
        """A field named like a secret is a mistake; the mistake is not written down."""
        for name in _SECRET_FIELDS.intersection(log_data):
            log_data[name] = _HIDDEN
        trace = current()
        if trace is not None:
            log_data["trace_id"], log_data["span_id"] = trace.trace_id, trace.span_id
        return super().process_log_record(log_data)


def configure(service: str, level: str) -> None:
    """Sends every library's log the same way; replaces what was configured before."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Formatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    # Their info level repeats what our own events and metrics already say.
    for chatty in ("uvicorn.access", "httpx", "httpx2", "aiohttp.access", "alembic.runtime", "openai"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for own_handlers in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(own_handlers)
        logger.handlers.clear()
        logger.propagate = True

"""What goes wrong inside of a request becomes a problem, once and in one place."""

import logging
from types import TracebackType
from typing import Final

from chassis.errors import ServiceError
from gateway.asgi import refusal
from gateway.exchange import Exchange
from gateway.problems import Problem, from_error

log = logging.getLogger(__name__)

_FAULT: Final = Problem(
    status=500, reason="INTERNAL", detail="Something went wrong on our side; the ids here tell us what."
)


class Handler:
    """Turns what was raised into a problem; once the answer has begun, cutting it off is the honest end."""

    __slots__ = ("_found",)

    def __init__(self, found: Exchange) -> None:
        self._found = found

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            return False
        found = self._found
        if isinstance(error, ServiceError):
            if found.status is None:
                found.answer = refusal(found, from_error(error))
            return found.status is None
        if not isinstance(error, Exception):
            return False
        log.error("request.failed", exc_info=error, extra={"request_id": found.request_id})
        if found.status is None:
            found.answer = refusal(found, _FAULT, close=True)
        return found.status is None

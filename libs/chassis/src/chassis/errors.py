"""The errors a service may let its callers see.

* ServiceError
  - Invalid          the request itself is wrong
  - Unauthenticated  we do not know who is asking
  - Forbidden        we know, and the answer is no
  - NotFound         there is no such thing, or not for this caller
  - Conflict         it clashes with what is already there
  - Exhausted        too much, too soon; try later
  - Unavailable      something we need is down; try again

Anything else that escapes a handler is a bug. Callers learn only that it
happened; the log learns the rest.

A `reason` is machine-readable, UPPER_SNAKE_CASE and stable: it crosses gRPC as
`google.rpc.ErrorInfo.reason` and becomes the `type` of the problem document
(RFC 9457). A `detail` is one sentence for people and never echoes the input.
"""

from collections.abc import Mapping
from typing import ClassVar


class ServiceError(Exception):
    """An outcome the caller is meant to see.

    Args:
        detail: one sentence that says what to do; shown to the caller.
        reason: the stable name of this outcome; the class's own when None.
        retry_after: seconds until trying again makes sense, where known.
        metadata: short machine-readable facts, shown to the caller.
    """

    default_reason: ClassVar[str] = "INTERNAL"
    default_detail: ClassVar[str] = "The request could not be completed."

    def __init__(
        self,
        detail: str | None = None,
        *,
        reason: str | None = None,
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or self.default_detail
        self.reason = reason or self.default_reason
        self.retry_after = retry_after
        self.metadata: Mapping[str, str] = dict(metadata or {})
        super().__init__(self.detail)


class Invalid(ServiceError):
    default_reason = "INVALID_REQUEST"
    default_detail = "The request is malformed."


class Unauthenticated(ServiceError):
    default_reason = "UNAUTHENTICATED"
    default_detail = "Sign in and try again."


class Forbidden(ServiceError):
    default_reason = "FORBIDDEN"
    default_detail = "You are not allowed to do this."


class NotFound(ServiceError):
    default_reason = "NOT_FOUND"
    default_detail = "There is nothing here."


class Conflict(ServiceError):
    default_reason = "CONFLICT"
    default_detail = "This clashes with what is already there."


class Exhausted(ServiceError):
    default_reason = "RESOURCE_EXHAUSTED"
    default_detail = "Too many requests; try again later."


class Unavailable(ServiceError):
    default_reason = "UNAVAILABLE"
    default_detail = "Something this needs is down; try again."

"""Service errors to gRPC statuses and back, with nothing lost on the way.

The reason travels as `google.rpc.ErrorInfo`, the wait as `google.rpc.RetryInfo`
(https://google.aip.dev/193).
"""

from typing import Any, Final

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from chassis.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    ServiceError,
    Unauthenticated,
    Unavailable,
)

DOMAIN: Final = "reliability"

_CODES: Final[dict[type[ServiceError], int]] = {
    Invalid: code_pb2.INVALID_ARGUMENT,
    Unauthenticated: code_pb2.UNAUTHENTICATED,
    Forbidden: code_pb2.PERMISSION_DENIED,
    NotFound: code_pb2.NOT_FOUND,
    Conflict: code_pb2.FAILED_PRECONDITION,
    Exhausted: code_pb2.RESOURCE_EXHAUSTED,
    Unavailable: code_pb2.UNAVAILABLE,
}

_KINDS: Final[dict[grpc.StatusCode, type[ServiceError]]] = {
    grpc.StatusCode.INVALID_ARGUMENT: Invalid,
    grpc.StatusCode.OUT_OF_RANGE: Invalid,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: Forbidden,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.FAILED_PRECONDITION: Conflict,
    grpc.StatusCode.ALREADY_EXISTS: Conflict,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Exhausted,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: Unavailable,
}

INTERNAL: Final = status_pb2.Status(code=code_pb2.INTERNAL, message="Something went wrong on our side.")


def to_status(error: ServiceError) -> status_pb2.Status:
    code = next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), code_pb2.INTERNAL)
    status = status_pb2.Status(code=code, message=error.detail)
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=dict(error.metadata))
    status.details.add().Pack(info)
    if error.retry_after is not None:
        delay = Duration()
        delay.FromNanoseconds(round(error.retry_after * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def to_error(failed: grpc.aio.AioRpcError, *, peer: str) -> ServiceError | None:
    """What the other side meant; None where it had a bug, which is nobody's news but the log's.

    Args:
        failed: as raised by a call.
        peer: the name of the other service, for the sentence when it cannot be reached.
    """
    kind = _KINDS.get(failed.code())
    if kind is None:
        return None
    info, retry_after = _details(failed)
    if info is None:
        # Not from a service of ours: the transport, or a deadline on this side.
        if kind is Unavailable:
            return Unavailable(f"The {peer} service cannot be reached; try again.", retry_after=1.0)
        return kind()
    return kind(failed.details(), reason=info.reason, retry_after=retry_after, metadata=info.metadata)


def _details(failed: grpc.aio.AioRpcError) -> tuple[error_details_pb2.ErrorInfo | None, float | None]:
    status = rpc_status.from_call(_Call(failed))
    info: error_details_pb2.ErrorInfo | None = None
    retry_after: float | None = None
    for detail in () if status is None else status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            retry = error_details_pb2.RetryInfo()
            detail.Unpack(retry)
            retry_after = retry.retry_delay.ToNanoseconds() / 1e9
    return (info if info is not None and info.domain == DOMAIN else None), retry_after


class _Call:
    """The asyncio error in the shape that grpc_status reads."""

    def __init__(self, failed: grpc.aio.AioRpcError) -> None:
        self._failed = failed

    def code(self) -> grpc.StatusCode:
        return self._failed.code()

    def details(self) -> str | None:
        return self._failed.details()

    def trailing_metadata(self) -> Any:
        return self._failed.trailing_metadata()

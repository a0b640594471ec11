"""What surrounds every call a service answers: trace, deadline, identity, errors, a duration.

One layer and not four, put there when a handler is registered and not, as an interceptor is, for each call:
each layer of asyncio and context manager costs tens of microseconds on a path that is asked to take hundreds.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import grpc
from grpc_status import rpc_status
from opentelemetry.trace import Span, SpanKind

from chassis import deadline, origin
from chassis.errors import ServiceError, Unauthenticated, Unavailable
from chassis.grpc.registering import Handler
from chassis.grpc.status import INTERNAL, to_status
from chassis.observability import context as trace_context
from chassis.observability.histograms import Series, histogram
from chassis.observability.metrics import SECONDS
from chassis.observability.tracing import FIRST, failed, span
from chassis.security.tokens import Principal, set_current

log = logging.getLogger(__name__)

# What grpc's types say of contexts holds for threads, not for asyncio.
Context = Any
Told = Sequence[tuple[str, str | bytes]]

VerifyToken = Callable[[str], Awaitable[Principal]]

DEFAULT_SECONDS: Final = 10.0
_SCHEME: Final = "Bearer "
# A channel tries again where a connection was lost, and not where a service answered that it cannot:
# what that one lacks the others lack too. Source: gRFC A6, "Pushback".
_WE_SAID_SO: Final = ("grpc-retry-pushback-ms", "-1")
# What a server answers for its own fault, by the semantic conventions for gRPC.
_OURS: Final = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)
_UNRECORDED: Final[AbstractContextManager[Span | None]] = nullcontext()
_CODES: Final = {code.value[0]: code.name for code in grpc.StatusCode}


class Surroundings:
    """Of one server.

    Args:
        verify: proves an access token or raises Unauthenticated.
        public: full names of the methods that need none; every other one does.
        unbounded: full names of streams that may run without a deadline.
        sampler: decides for traces that begin here.
    """

    def __init__(
        self,
        *,
        verify: VerifyToken,
        public: frozenset[str],
        unbounded: frozenset[str],
        sampler: trace_context.Sampler,
    ) -> None:
        self._verify = verify
        self._public = public
        self._unbounded = unbounded
        self._sampler = sampler
        self._duration = histogram(
            "rpc.server.call.duration",
            unit="s",
            description="How long calls took, by method and status.",
            bounds=SECONDS,
        )
        self._series: dict[tuple[str, str], Series] = {}

    def __call__(self, handler: Handler, method: str) -> Handler:
        """What is called in the handler's place, for a method of this full name."""
        public = method in self._public
        inner = handler.unary_unary or handler.stream_unary or handler.unary_stream or handler.stream_stream

        async def unary(request: Any, context: Context) -> Any:
            began = time.perf_counter()
            told: Told = context.invocation_metadata() or ()
            with self._entered(method, context, told) as recorded:
                try:
                    if not public:
                        await self._identify(told)
                    return await inner(request, context)
                except BaseException as error:
                    await _refuse(error, method, context)
                    raise
                finally:
                    self._left(method, context, began, recorded)

        async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
            began = time.perf_counter()
            told: Told = context.invocation_metadata() or ()
            with self._entered(method, context, told) as recorded:
                try:
                    if not public:
                        await self._identify(told)
                    async for message in inner(request, context):
                        yield message
                except BaseException as error:
                    await _refuse(error, method, context)
                    raise
                finally:
                    self._left(method, context, began, recorded)

        make = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[handler.request_streaming, handler.response_streaming]
        around: Any = stream if handler.response_streaming else unary
        return make(around, handler.request_deserializer, handler.response_serializer)

    def _entered(self, method: str, context: Context, told: Told) -> AbstractContextManager[Span | None]:
        """Sets trace, origin and deadline for the task, which is the call's own and ends with it."""
        given = _only(told, "traceparent")
        here = self._sampler.begin(given)
        trace_context.attach(here)
        origin.comes_from(_only(told, origin.METADATA) or "")
        left: float | None = context.time_remaining()
        if left is not None or method not in self._unbounded:
            deadline.narrow(DEFAULT_SECONDS if left is None else left)
        if not here.sampled:
            return _UNRECORDED
        # The caller's own span is the parent, and not a point of ours that nobody ever tells.
        return span(
            method[1:],
            SpanKind.SERVER,
            under=trace_context.parse(given) or FIRST,
            judged=True,
            rpc_system_name="grpc",
            rpc_method=method[1:],
        )

    async def _identify(self, told: Told) -> None:
        given = _only(told, "authorization")
        if given is None or not given.startswith(_SCHEME):
            raise Unauthenticated
        token = given[len(_SCHEME) :]
        set_current(await self._verify(token), token)

    def _left(self, method: str, context: Context, began: float, recorded: Span | None) -> None:
        code = _code(context)
        series = self._series.get((method, code)) or self._bind(method, code)
        series.record(time.perf_counter() - began, trace_context.recorded())
        if recorded is not None:
            recorded.set_attribute("rpc.response.status_code", code)
            if code in _OURS:
                failed(recorded, code)

    def _bind(self, method: str, code: str) -> Series:
        series = self._series[method, code] = self._duration.series(
            {"rpc.system.name": "grpc", "rpc.method": method[1:], "rpc.response.status_code": code}
        )
        return series


async def _refuse(error: BaseException, method: str, context: Context) -> None:
    """Ends the call the way its error asks; whatever is neither meant nor cancellation is a bug."""
    match error:
        case Unavailable():
            status = rpc_status.to_status(to_status(error))
            await context.abort_with_status(
                status._replace(trailing_metadata=(*status.trailing_metadata, _WE_SAID_SO))
            )
        case ServiceError():
            await context.abort_with_status(rpc_status.to_status(to_status(error)))
        case grpc.aio.AbortError() | asyncio.CancelledError() | GeneratorExit():
            return
        case Exception():
            log.error("rpc.bug", extra={"method": method}, exc_info=error)
            await context.abort_with_status(rpc_status.to_status(INTERNAL))


def _only(told: Told, name: str) -> str | None:
    """The one value of a metadata key; None where there are several, which nobody honest sends."""
    values = [value for key, value in told if key == name]
    return values[0] if len(values) == 1 and isinstance(values[0], str) else None


def _code(context: Context) -> str:
    """grpc.aio has it as a number, as an enum, or not at all where all went well."""
    code = context.code() or 0
    return code.name if isinstance(code, grpc.StatusCode) else _CODES.get(code, "UNKNOWN")

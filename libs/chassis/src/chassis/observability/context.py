"""W3C trace context: read from a caller, handed to the next service, named in logs.

The sampling decision is made here, once, at the edge. Where it says no there
is no span object at all, only the identifiers, which logs and problem
documents carry all the same. Source: https://www.w3.org/TR/trace-context/.
"""

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

_HEADER_LENGTH = 55
_HEX = frozenset("0123456789abcdef")
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16
_TRACE_BITS = 128
_SPAN_BITS = 64
# The topmost bit of either id, which sampling does not look at.
_NOT_ZERO = 1 << (_TRACE_BITS + _SPAN_BITS - 1) | 1 << (_SPAN_BITS - 1)
_RATIO_BITS = 56


class TraceContext(NamedTuple):
    """Where in which trace we are; ids are lower-case hexadecimal."""

    trace_id: str
    span_id: str
    sampled: bool

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def as_parent(self) -> Context:
        """The OpenTelemetry context whose spans become children of this point."""
        span = SpanContext(
            int(self.trace_id, 16),
            int(self.span_id, 16),
            is_remote=True,
            trace_flags=TraceFlags(int(self.sampled)),
        )
        return set_span_in_context(NonRecordingSpan(span), Context())


# Unique, not secret: seeded once, since asking the kernel each time costs more than the rest.
_ids = random.Random(secrets.randbits(256))  # noqa: S311

_current: ContextVar[TraceContext | None] = ContextVar("trace_context", default=None)


def current() -> TraceContext | None:
    return _current.get()


def recorded() -> TraceContext | None:
    """Where we are, if anybody records it: what an exemplar can lead to."""
    here = _current.get()
    return here if here is not None and here.sampled else None


@contextmanager
def attached(trace: TraceContext) -> Iterator[None]:
    token = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(token)


def attach(trace: TraceContext) -> None:
    """For a task of its own, whose context ends with it."""
    _current.set(trace)


def parse(traceparent: str | None) -> TraceContext | None:
    """The caller's point in its trace; None for anything malformed, which starts a new trace."""
    if traceparent is None or len(traceparent) < _HEADER_LENGTH:
        return None
    version, trace_id, span_id, flags = (
        traceparent[:2], traceparent[3:35], traceparent[36:52], traceparent[53:55],
    )  # fmt: skip
    separators = traceparent[2] + traceparent[35] + traceparent[52]
    # Version 00 is exactly this long; a later one may say more after another dash.
    tail_ok = (
        len(traceparent) == _HEADER_LENGTH
        if version == "00"
        else traceparent[_HEADER_LENGTH:][:1] in ("", "-")
    )
    if separators != "---" or version == "ff" or not tail_ok:
        return None
    if not _HEX.issuperset(version + trace_id + span_id + flags):
        return None
    if trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return TraceContext(trace_id, span_id, sampled=bool(int(flags, 16) & 1))


class Sampler:
    """Parent-based, else by the low bits of the trace id, as OpenTelemetry's ratio sampler is."""

    def __init__(self, ratio: float) -> None:
        self._bound = round(ratio * (1 << _RATIO_BITS))
        self._mask = (1 << _RATIO_BITS) - 1

    def begin(self, traceparent: str | None = None) -> TraceContext:
        """Our own point in the caller's trace, or in a new one."""
        parent = None if traceparent is None else parse(traceparent)
        # Both ids of one draw: the trace's, then the span's; none of them is all zeros.
        made = _ids.getrandbits(_TRACE_BITS + _SPAN_BITS) | _NOT_ZERO
        text = f"{made:048x}"
        if parent is not None:
            return TraceContext(parent.trace_id, text[32:], parent.sampled)
        sampled = ((made >> _SPAN_BITS) & self._mask) < self._bound
        return TraceContext(text[:32], text[32:], sampled)

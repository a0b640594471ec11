"""W3C trace context: read from a caller, handed to the next service, named in logs.

The sampling decision is made here, once, at the edge. Where it says no there
is no span object at all, only the identifiers, which logs and problem
documents carry all the same. Source: https://www.w3.org/TR/trace-context/.
"""

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
_TRACE_DIGITS = 32
_PAIR_BYTES = 24
_DRAWN_AT_ONCE = 512
_RATIO_BITS = 56
_RATIO_DIGITS = 14


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


# A trace's id and a span's each, in hexadecimal digits. Drawn by the hundred, for the kernel is dear to ask.
_pairs: list[str] = []


def _drawn() -> str:
    if not _pairs:
        digits = secrets.token_hex(_PAIR_BYTES * _DRAWN_AT_ONCE)
        each = 2 * _PAIR_BYTES
        _pairs.extend(digits[at : at + each] for at in range(0, len(digits), each))
    return _pairs.pop()


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
        # Digits compare as the numbers they are; past all digits where everything is recorded.
        self._bound = f"{round(ratio * (1 << _RATIO_BITS)):0{_RATIO_DIGITS}x}" if ratio < 1 else "g"

    def begin(self, traceparent: str | None = None) -> TraceContext:
        """Our own point in the caller's trace, or in a new one."""
        parent = None if traceparent is None else parse(traceparent)
        made = _drawn()
        if parent is not None:
            return TraceContext(parent.trace_id, made[_TRACE_DIGITS:], parent.sampled)
        trace_id = made[:_TRACE_DIGITS]
        return TraceContext(trace_id, made[_TRACE_DIGITS:], trace_id[-_RATIO_DIGITS:] < self._bound)

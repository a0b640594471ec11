"""A gRPC channel the way every service opens one: balanced, bounded, traced, its errors translated."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, cast

import grpc

from chassis import deadline, origin
from chassis.errors import Unavailable
from chassis.grpc import keepalive
from chassis.grpc.rotating import RotatingChannel
from chassis.grpc.status import to_error
from chassis.lifecycle import spawn
from chassis.observability import context as trace_context
from chassis.security.tls import TlsFiles, channel_credentials

DEFAULT_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 1.0

Metadata = tuple[tuple[str, str], ...]


def open_channel(
    stack: AsyncExitStack,
    target: str,
    *,
    tls: TlsFiles | None = None,
    idempotent: Sequence[str] = (),
    authority: str | None = None,
) -> grpc.aio.Channel:
    """A channel that lives as long as the stack.

    Args:
        stack: closes it.
        target: `dns:///name:port` of a headless service, so that every replica is known.
        tls: our certificate, key and CA; None for plaintext.
        idempotent: full method names (`/package.Service/Method`) that are tried again, twice at
            most and within their deadline, where a connection was lost; all others never are.
        authority: the name on the server's certificate, where it is not the target's.
    """
    options = [*keepalive.CHANNEL, ("grpc.service_config", _service_config(idempotent))]
    if authority is not None:
        options.append(("grpc.ssl_target_name_override", authority))
    if tls is None:
        channel = grpc.aio.insecure_channel(target, options=options)
        stack.push_async_callback(channel.close, _CLOSE_SECONDS)
        return channel
    rotating = RotatingChannel(
        tls, lambda: grpc.aio.secure_channel(target, channel_credentials(tls), options=options)
    )
    stack.push_async_callback(rotating.close, _CLOSE_SECONDS)
    spawn(stack, rotating.watch(), "tls-watch")
    # To the stubs it is one: they ask a channel for its four kinds of methods and nothing else.
    return cast("grpc.aio.Channel", rotating)


async def call(
    method: Callable[..., Any],
    request: Any,
    *,
    peer: str,
    seconds: float = DEFAULT_SECONDS,
    token: str | None = None,
) -> Any:
    """One unary call within the ambient deadline, carrying the trace and the caller's token.

    Raises:
        ServiceError: what the other side said, or Unavailable where it cannot be reached.
    """
    left = deadline.at_most(seconds)
    try:
        return await method(request, timeout=left, metadata=metadata(token))
    except grpc.aio.AioRpcError as failed:
        raise (to_error(failed, peer=peer) or _Broken(peer)) from failed


async def stream(
    method: Callable[..., Any],
    request: Any,
    *,
    peer: str,
    seconds: float | None,
    token: str | None = None,
) -> AsyncIterator[Any]:
    """The messages of a streaming call; `seconds` None listens for as long as the server speaks.

    Raises:
        ServiceError: as `call`.
    """
    under_way = method(request, timeout=seconds, metadata=metadata(token))
    try:
        async for message in under_way:
            yield message
    except grpc.aio.AioRpcError as failed:
        raise (to_error(failed, peer=peer) or _Broken(peer)) from failed
    finally:
        under_way.cancel()


class _Broken(Unavailable):
    """The other side has a bug: its caller cannot tell that from an outage, nor need to."""

    default_reason = "UPSTREAM_BROKEN"

    def __init__(self, peer: str) -> None:
        super().__init__(f"The {peer} service could not answer; the failure is in its log.", retry_after=1.0)


def metadata(token: str | None) -> Metadata:
    """What every call carries: the trace, where it came from, and the caller's own token, as far as known."""
    trace, address = trace_context.current(), origin.address()
    given: Metadata = () if trace is None else (("traceparent", trace.traceparent),)
    if address:
        given = (*given, (origin.METADATA, address))
    return given if token is None else (*given, ("authorization", f"Bearer {token}"))


def _service_config(idempotent: Sequence[str]) -> str:
    names = [dict(zip(("service", "method"), name.strip("/").split("/"), strict=True)) for name in idempotent]
    retried = {
        "name": names,
        "retryPolicy": {
            "maxAttempts": 3,
            "initialBackoff": "0.02s",
            "maxBackoff": "0.2s",
            "backoffMultiplier": 3,
            "retryableStatusCodes": ["UNAVAILABLE"],
        },
    }
    return json.dumps(
        {
            "loadBalancingConfig": [{"round_robin": {}}],
            # Nobody is called who listens already and would only tell us to come back.
            "healthCheckConfig": {"serviceName": keepalive.CALLABLE},
            "methodConfig": [retried] if names else [],
            # When most calls fail, retries stop: they are for a blip, not for an outage. As many good
            # ones bring them back, or an outage of the database would cost those of the minutes after it.
            # One replica's death may fail as many calls at once as were under way to it.
            "retryThrottling": {"maxTokens": 200, "tokenRatio": 1.0},
        }
    )

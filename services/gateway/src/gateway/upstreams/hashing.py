"""Calls to auth that queue behind hashing: waited for once their replica has begun, given up on before."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis import deadline
from chassis.errors import ServiceError, Unavailable
from chassis.grpc.begun import has_begun
from chassis.grpc.client import call, metadata
from chassis.grpc.status import to_error

_RETRY_SECONDS = 1.0


class HashingCalls:
    """Each in the caller's own name.

    Args:
        channel: to auth.
        peer: what auth is called in errors.
        silence: seconds that a replica may take to say that it has begun.
        seconds: the longest a call takes once it has.
    """

    def __init__(self, channel: grpc.aio.Channel, *, peer: str, silence: float, seconds: float) -> None:
        self._channel = channel
        self._health = health_pb2_grpc.HealthStub(channel)
        self._peer = peer
        self._silence = silence
        self._seconds = seconds
        # An auth of the release before never says so.
        self._says_so = False

    def method(self, name: str, asked: Any, answer: Any) -> Callable[..., Any]:
        """A unary method by its full name and its two messages.

        Opened as a stream of one answer: only a stream tells its head before its end.
        """
        return self._channel.unary_stream(
            name, request_serializer=asked.SerializeToString, response_deserializer=answer.FromString
        )

    async def __call__(self, method: Callable[..., Any], asked: Any, *, token: str | None = None) -> Any:
        """The answer.

        Raises:
            ServiceError: what auth said, or Unavailable where the replica that was asked is silent.
        """
        under_way = method(asked, timeout=deadline.at_most(self._seconds), metadata=metadata(token))
        try:
            if not await self._begun(under_way):
                raise _silent()
            return await self._done(under_way)
        except grpc.aio.AioRpcError as failed:
            raise (
                to_error(failed, peer=self._peer)
                or Unavailable(reason="UPSTREAM_BROKEN", retry_after=_RETRY_SECONDS)
            ) from failed
        finally:
            under_way.cancel()

    async def _begun(self, under_way: Any) -> bool:
        head = asyncio.ensure_future(under_way.initial_metadata())
        try:
            done, _ = await asyncio.wait({head}, timeout=self._silence / 2)
            if not done:
                if not self._says_so:
                    return await self._somebody_answers()
                done, _ = await asyncio.wait({head}, timeout=self._silence / 2)
            if not done:
                return False
            self._says_so = self._says_so or has_begun(head.result())
            return True
        finally:
            head.cancel()

    async def _done(self, under_way: Any) -> Any:
        """The answer, however late, while anybody of auth is alive."""
        answer = asyncio.ensure_future(under_way.read())
        try:
            while not (await asyncio.wait({answer}, timeout=self._silence / 2))[0]:
                if not await self._somebody_answers():
                    raise _silent()
            return answer.result()
        finally:
            answer.cancel()

    async def _somebody_answers(self) -> bool:
        """Whether auth is alive, though maybe not the replica that was asked."""
        try:
            await call(
                self._health.Check,
                health_pb2.HealthCheckRequest(),
                peer=self._peer,
                seconds=self._silence / 2,
            )
        except ServiceError:
            return False
        return True


def _silent() -> Unavailable:
    return Unavailable("The auth service does not answer; try again.", retry_after=_RETRY_SECONDS)

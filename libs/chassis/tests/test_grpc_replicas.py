"""A channel to several replicas: who is called, and what is asked again."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.errors import Unavailable
from chassis.grpc.client import call, open_channel
from chassis.grpc.server import serve
from chassis.lifecycle import Readiness
from chassis.testing.link import link_to

METHOD = "/test.Echo/Say"


class Replica:
    """Answers with its name; says which attempts it was told of."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.readiness = Readiness()
        self.attempts: list[str] = []
        self.fails = False
        self.open = asyncio.Event()
        self.open.set()
        self.readiness.serving(yes=True)

    async def say(self, _: StringValue, context: Any) -> StringValue:
        told = dict(context.invocation_metadata())
        self.attempts.append(told.get("grpc-previous-rpc-attempts", "0"))
        await self.open.wait()
        if self.fails:
            raise Unavailable(retry_after=1)
        return StringValue(value=self.name)

    def register(self, server: grpc.aio.Server) -> None:
        handler = grpc.unary_unary_rpc_method_handler(
            self.say,
            request_deserializer=StringValue.FromString,
            response_serializer=StringValue.SerializeToString,
        )
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("test.Echo", {"Say": handler}),)
        )

    async def serve(self, stack: AsyncExitStack) -> int:
        return await serve(
            stack,
            bind="127.0.0.1:0",
            register=self.register,
            services=("test.Echo",),
            readiness=self.readiness,
            verify=_nobody,
            public=frozenset({METHOD}),
        )


async def _nobody(_: str) -> Any:
    raise AssertionError("the method is public")


def say(channel: grpc.aio.Channel) -> Callable[[], Any]:
    method = channel.unary_unary(
        METHOD,
        request_serializer=StringValue.SerializeToString,
        response_deserializer=StringValue.FromString,
    )
    return lambda: call(method, StringValue(), peer="echo", seconds=5)


async def until_told(stack: AsyncExitStack, port: int, status: int) -> None:
    """What probes are told."""
    health = health_pb2_grpc.HealthStub(open_channel(stack, f"127.0.0.1:{port}"))
    async with asyncio.timeout(5):
        while (await health.Check(health_pb2.HealthCheckRequest())).status != status:
            await asyncio.sleep(0.01)


async def test_nobody_is_called_before_it_is_ready_nor_let_go_of_while_it_drains() -> None:
    async with AsyncExitStack() as stack:
        early, late = Replica("early"), Replica("late")
        late.readiness.serving(yes=False)
        ports = [await early.serve(stack), await late.serve(stack)]
        target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
        ask = say(open_channel(stack, target))

        assert {(await ask()).value for _ in range(20)} == {"early"}
        late.readiness.serving(yes=True)
        async with asyncio.timeout(5):
            while (await ask()).value != "late":
                await asyncio.sleep(0.01)
        early.readiness.serving(yes=False)
        await until_told(stack, ports[0], health_pb2.HealthCheckResponse.NOT_SERVING)
        assert {(await ask()).value for _ in range(20)} == {"early", "late"}


async def test_what_was_under_way_on_a_lost_connection_is_asked_again() -> None:
    async with AsyncExitStack() as stack:
        lost, other = Replica("lost"), Replica("other")
        link = await stack.enter_async_context(link_to(await lost.serve(stack)))
        target = f"ipv4:127.0.0.1:{link.port},127.0.0.1:{await other.serve(stack)}"
        ask = say(open_channel(stack, target, idempotent=(METHOD,)))
        async with asyncio.timeout(5):
            while not (lost.attempts and other.attempts):
                await ask()
        other.attempts.clear()
        lost.attempts.clear()
        lost.open.clear()
        asked = [asyncio.ensure_future(ask()) for _ in range(16)]
        async with asyncio.timeout(5):
            while len(lost.attempts) + len(other.attempts) < len(asked):
                await asyncio.sleep(0.01)
        link.cut()
        lost.open.set()

        assert len([await each for each in asked]) == 16
        assert Counter(lost.attempts + other.attempts) == {"0": 16, "1": 8}


async def test_who_answers_that_it_cannot_is_asked_once() -> None:
    async with AsyncExitStack() as stack:
        down = Replica("down")
        down.fails = True
        target = f"127.0.0.1:{await down.serve(stack)}"
        ask = say(open_channel(stack, target, idempotent=(METHOD,)))
        with pytest.raises(Unavailable):
            await ask()
        assert down.attempts == ["0"]

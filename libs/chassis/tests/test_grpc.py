import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis import deadline
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
from chassis.grpc.client import call, open_channel, stream
from chassis.grpc.rotating import RotatingChannel
from chassis.grpc.server import serve
from chassis.lifecycle import Readiness
from chassis.observability import context as trace_context
from chassis.security.tls import TlsFiles
from chassis.security.tokens import Principal, current_principal
from chassis.testing.grpc import channel_to, serving
from chassis.testing.pki import Authority

WHO = Principal("u", "s", "t", "user", "ada", "reliability", 1, 2)
Answer = Callable[[str], Awaitable[str]]


def echo(answer: Answer) -> Callable[[grpc.aio.Server], None]:
    async def unary(request: StringValue, _: Any) -> StringValue:
        return StringValue(value=await answer(request.value))

    async def many(request: StringValue, _: Any) -> AsyncIterator[StringValue]:
        for _n in range(3):
            yield StringValue(value=await answer(request.value))

    def register(server: grpc.aio.Server) -> None:
        code: Any = {
            "request_deserializer": StringValue.FromString,
            "response_serializer": StringValue.SerializeToString,
        }
        handlers = {
            "Say": grpc.unary_unary_rpc_method_handler(unary, **code),
            "Repeat": grpc.unary_stream_rpc_method_handler(many, **code),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))

    return register


def say(channel: grpc.aio.Channel, name: str = "Say") -> Any:
    make = channel.unary_unary if name == "Say" else channel.unary_stream
    return make(
        f"/test.Echo/{name}",
        request_serializer=StringValue.SerializeToString,
        response_deserializer=StringValue.FromString,
    )


async def accept(token: str) -> Principal:
    if token != "good":  # a made-up token
        raise Unauthenticated(reason="INVALID_TOKEN")
    return WHO


PUBLIC = frozenset({"/test.Echo/Say", "/test.Echo/Repeat"})


@pytest.mark.parametrize(
    "error",
    [
        Invalid("The name is too long.", reason="NAME_TOO_LONG"),
        Unauthenticated(reason="INVALID_CREDENTIALS"),
        Forbidden(),
        NotFound(reason="USER_NOT_FOUND"),
        Conflict(reason="LAST_ADMIN"),
        Exhausted(retry_after=12.5, metadata={"policy": "sign-in"}),
        Unavailable(retry_after=1),
    ],
)
async def test_an_error_crosses_the_wire_intact(error: ServiceError) -> None:
    async def fail(_: str) -> str:
        raise error

    async with serving(echo(fail), verify=accept, public=PUBLIC) as address, channel_to(address) as channel:
        with pytest.raises(type(error)) as unary:
            await call(say(channel), StringValue(), peer="echo")
        with pytest.raises(type(error)) as streamed:
            async for _ in stream(say(channel, "Repeat"), StringValue(), peer="echo", seconds=5):
                pass
    for raised in (unary.value, streamed.value):
        assert (raised.reason, raised.detail, raised.retry_after) == (
            error.reason,
            error.detail,
            error.retry_after,
        )
        assert raised.metadata == error.metadata


async def test_a_bug_is_told_to_the_log_and_not_to_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_: str) -> str:
        raise RuntimeError("the database password is hunter2")

    async with serving(echo(fail), verify=accept, public=PUBLIC) as address, channel_to(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raw:
            await say(channel)(StringValue(), timeout=5)
        with pytest.raises(Unavailable) as translated:
            await call(say(channel), StringValue(), peer="echo")
    assert raw.value.code() is grpc.StatusCode.INTERNAL
    assert "hunter2" not in repr(raw.value) + translated.value.detail
    # Its caller cannot tell it from an outage, and may come back as after one.
    assert translated.value.retry_after == 1
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "rpc.bug",
        "rpc.bug",
    ]


async def test_a_server_that_is_not_there_is_unavailable_within_the_time_given() -> None:
    async with channel_to("127.0.0.1:1") as channel:
        with pytest.raises(Unavailable) as raised:
            await call(say(channel), StringValue(), peer="echo", seconds=0.5)
    assert raised.value.detail == "The echo service cannot be reached; try again."
    assert raised.value.retry_after == 1


async def test_the_ambient_deadline_reaches_the_other_side_and_never_grows() -> None:
    seen: list[float] = []

    async def look(_: str) -> str:
        left = deadline.remaining()
        assert left is not None
        seen.append(left)
        return ""

    async with serving(echo(look), verify=accept, public=PUBLIC) as address, channel_to(address) as channel:
        with deadline.within(2.0), deadline.within(60.0):
            await call(say(channel), StringValue(), peer="echo", seconds=30)
    # gRPC rounds a timeout up when it puts it on the wire.
    assert 0 < seen[0] <= 2.1


async def test_the_trace_reaches_the_other_side() -> None:
    async def look(_: str) -> str:
        here = trace_context.current()
        assert here is not None
        return here.trace_id

    trace = trace_context.Sampler(0.0).begin()
    async with serving(echo(look), verify=accept, public=PUBLIC) as address, channel_to(address) as channel:
        with trace_context.attached(trace):
            answer = await call(say(channel), StringValue(), peer="echo")
    assert answer.value == trace.trace_id


async def whoami(_: str) -> str:
    return current_principal().sub


async def test_a_method_that_nobody_named_public_needs_a_token() -> None:
    async with serving(echo(whoami), verify=accept) as address, channel_to(address) as channel:
        assert (await call(say(channel), StringValue(), peer="echo", token="good")).value == "u"
        with pytest.raises(Unauthenticated):
            await call(say(channel), StringValue(), peer="echo")
        with pytest.raises(Unauthenticated) as bad:
            await call(say(channel), StringValue(), peer="echo", token="bad")
        assert bad.value.reason == "INVALID_TOKEN"
        twice = (("authorization", "Bearer good"), ("authorization", "Bearer good"))
        with pytest.raises(grpc.aio.AioRpcError) as ambiguous:
            await say(channel)(StringValue(), timeout=5, metadata=twice)
        assert ambiguous.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_what_generated_code_registers_needs_a_token_as_well() -> None:
    async def who(_: StringValue, __: Any) -> StringValue:
        return StringValue(value=current_principal().sub)

    def register(server: grpc.aio.Server) -> None:
        handler = grpc.unary_unary_rpc_method_handler(
            who,
            request_deserializer=StringValue.FromString,
            response_serializer=StringValue.SerializeToString,
        )
        server.add_registered_method_handlers("test.Echo", {"Say": handler})

    async with serving(register, verify=accept) as address, channel_to(address) as channel:
        assert (await call(say(channel), StringValue(), peer="echo", token="good")).value == "u"
        with pytest.raises(Unauthenticated):
            await call(say(channel), StringValue(), peer="echo")


async def test_one_call_never_sees_the_principal_of_another() -> None:
    async with serving(echo(whoami), verify=accept, public=PUBLIC) as address, channel_to(address) as channel:
        with pytest.raises(Unauthenticated):
            await call(say(channel), StringValue(), peer="echo")


async def test_health_follows_readiness() -> None:
    readiness = Readiness()
    async with AsyncExitStack() as stack:
        port = await serve(
            stack,
            bind="127.0.0.1:0",
            register=echo(whoami),
            services=("test.Echo",),
            readiness=readiness,
            verify=accept,
            public=frozenset(),
        )
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
        check = health_pb2_grpc.HealthStub(channel).Watch
        async with asyncio.timeout(10):
            watched = check(health_pb2.HealthCheckRequest(service="test.Echo"))
            seen = []
            for serving_now in (True, False):
                readiness.serving(yes=serving_now)
                wanted = health_pb2.HealthCheckResponse.SERVING if serving_now else 2
                async for message in watched:
                    if message.status == wanted:
                        seen.append(message.status)
                        break
            watched.cancel()
    assert seen == [1, 2]


@pytest.fixture
def authority() -> Authority:
    return Authority()


async def greet(name: str) -> str:
    return f"hello {name}"


async def test_both_ends_prove_who_they_are(tmp_path: Path, authority: Authority) -> None:
    files = authority.issue(tmp_path / "ours")
    strangers = Authority().issue(tmp_path / "theirs")
    async with serving(echo(greet), verify=accept, public=PUBLIC, tls=files) as address:
        async with channel_to(address, tls=files) as channel:
            assert (await call(say(channel), StringValue(value="ada"), peer="echo")).value == "hello ada"
        for stranger in (TlsFiles(strangers.cert, strangers.key, files.ca), strangers, None):
            async with channel_to(address, tls=stranger) as channel:
                with pytest.raises(Unavailable):
                    await call(say(channel), StringValue(), peer="echo", seconds=1)


async def test_a_rotated_certificate_serves_the_next_connection_without_a_restart(tmp_path: Path) -> None:
    files = Authority().issue(tmp_path)
    async with serving(echo(greet), verify=accept, public=PUBLIC, tls=files) as address:
        async with channel_to(address, tls=files) as channel:
            await call(say(channel), StringValue(), peer="echo")
        # A new CA as well: only an end that has read the files again can talk to the other.
        Authority().issue(tmp_path)
        async with channel_to(address, tls=files) as channel:
            assert (await call(say(channel), StringValue(value="ada"), peer="echo")).value == "hello ada"


async def test_a_channel_made_before_a_rotation_goes_on_after_it(tmp_path: Path) -> None:
    files = Authority().issue(tmp_path)
    async with (
        serving(echo(greet), verify=accept, public=PUBLIC, tls=files) as address,
        AsyncExitStack() as stack,
    ):
        channel = open_channel(stack, address, tls=files, authority="localhost")
        assert isinstance(channel, RotatingChannel)
        method = say(channel)
        await call(method, StringValue(), peer="echo")
        Authority().issue(tmp_path)
        channel.look()
        assert (await call(method, StringValue(value="ada"), peer="echo")).value == "hello ada"

"""One question: exactly these bytes, at most two requests, one deadline, and a name for every bad end."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from chassis.clock import SystemClock
from triage.llm.model import Model
from triage.llm.outcome import Ending, NoAnswer
from triage.llm.request import Dialect
from triage.testing.fake_model import FakeModel, Mood

GROUP = {"id": "g-1", "severity": "low", "template": "t", "example": "payment 17 was declined"}
BODY = json.dumps(
    {"model": "m", "messages": [{"role": "user", "content": "BEGIN\n" + json.dumps(GROUP) + "\nEND"}]}
).encode()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


def model_at(url: str, stack: AsyncExitStack, key: str | None = None) -> Model:
    return Model(stack, dialect=Dialect(url, "m", 500), key=key, connections=4, clock=SystemClock())


@pytest.fixture
def model(fake: FakeModel, stack: AsyncExitStack) -> Model:
    return model_at(fake.url, stack)


async def ending_of(model: Model, seconds: float = 5.0) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        await model.ask(BODY, seconds=seconds)
    return caught.value


async def test_the_body_arrives_byte_for_byte(model: Model, fake: FakeModel) -> None:
    answer = await model.ask(BODY, seconds=5)

    assert fake.bodies == [BODY]
    assert answer.draft.claims[0].citations == (("g-1", "payment 17 was declined"),)
    assert (answer.input_tokens, answer.output_tokens, answer.calls) == (1000, 200, 1)


async def test_the_key_goes_into_the_authorization_header_only(
    fake: FakeModel, stack: AsyncExitStack
) -> None:
    await model_at(fake.url, stack, key="sk-local-abc").ask(BODY, seconds=5)

    assert fake.headers[0]["authorization"] == "Bearer sk-local-abc"
    assert b"sk-local-abc" not in fake.bodies[0]


@pytest.mark.parametrize("mood", [Mood.SERVER_ERROR, Mood.RATE_LIMITED, Mood.RESETS])
async def test_a_blip_is_tried_once_more_and_answered(model: Model, fake: FakeModel, mood: Mood) -> None:
    fake.behaves(mood, Mood.HONEST)

    answer = await model.ask(BODY, seconds=5)

    assert answer.calls == fake.calls == 2


@pytest.mark.parametrize(
    ("mood", "ending", "calls"),
    [
        (Mood.SERVER_ERROR, Ending.SERVER_ERROR, 2),
        (Mood.RESETS, Ending.UNREACHABLE, 2),
        (Mood.RATE_LIMITED, Ending.RATE_LIMITED, 2),
        (Mood.RATE_LIMITED_LONG, Ending.RATE_LIMITED, 1),
        (Mood.UNAUTHORISED, Ending.REFUSED, 1),
        (Mood.REDIRECTS, Ending.REFUSED, 1),
        (Mood.HTML, Ending.MALFORMED, 1),
        (Mood.EMPTY, Ending.MALFORMED, 1),
        (Mood.HALF_JSON, Ending.MALFORMED, 1),
        (Mood.OTHER_SCHEMA, Ending.MALFORMED, 1),
        (Mood.CUT, Ending.UNFINISHED, 1),
        (Mood.REFUSES, Ending.UNFINISHED, 1),
        (Mood.HUGE, Ending.TOO_LARGE, 1),
        (Mood.BOMB, Ending.TOO_LARGE, 1),
    ],
)
async def test_every_bad_end_has_its_name_and_at_most_two_requests(
    model: Model, fake: FakeModel, mood: Mood, ending: Ending, calls: int
) -> None:
    fake.behaves(mood)

    failed = await ending_of(model)

    assert (failed.ending, failed.calls, fake.calls) == (ending, calls, calls)


@pytest.mark.parametrize("mood", [Mood.HANGS, Mood.DRIPS])
async def test_the_deadline_holds_around_everything(model: Model, fake: FakeModel, mood: Mood) -> None:
    fake.behaves(mood)
    began = time.monotonic()

    failed = await ending_of(model, seconds=0.4)

    assert failed.ending is Ending.TIMEOUT
    assert fake.calls == 1
    assert time.monotonic() - began < 2.0


async def test_what_is_unfinished_is_charged_all_the_same(model: Model, fake: FakeModel) -> None:
    fake.behaves(Mood.CUT)

    failed = await ending_of(model)

    assert (failed.input_tokens, failed.output_tokens) == (1000, 200)


async def test_a_port_where_nobody_listens_is_unreachable(stack: AsyncExitStack) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    failed = await ending_of(model_at(f"http://127.0.0.1:{port}/v1", stack))

    assert (failed.ending, failed.calls) == (Ending.UNREACHABLE, 2)


async def test_a_caller_who_goes_away_takes_the_request_along(model: Model, fake: FakeModel) -> None:
    fake.behaves(Mood.HANGS)
    asking = asyncio.create_task(model.ask(BODY, seconds=60))
    await fake.arrived.wait()

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

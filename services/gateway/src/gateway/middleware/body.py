"""A body with an end: in bytes, in time and in the depth of its JSON."""

import asyncio

from starlette.exceptions import HTTPException

from gateway.asgi import Message, Receive
from gateway.middleware.json_guard import too_elaborate
from gateway.problems import Problem

TOO_LARGE = Problem(status=413, reason="BODY_TOO_LARGE", detail="The body is larger than this route takes.")
_TOO_SLOW = Problem(status=408, reason="BODY_TOO_SLOW", detail="The body did not arrive in time.")
_TOO_ELABORATE = Problem(
    status=400,
    reason="JSON_TOO_ELABORATE",
    detail="The JSON is nested too deep or has too large a number.",
)


class BodyRefused(HTTPException):
    """Raised out of `receive`; whoever was reading stops, and the guard answers.

    Of starlette's kind, since FastAPI turns every other one into a 400 of its own.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.status)
        self.problem = problem


class BoundedBody:
    """`receive`, with an end in bytes and in time: the whole body, not each part, has its seconds."""

    __slots__ = ("_by", "_done", "_left", "_receive", "_seconds")

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self._receive = receive
        self._left = most
        self._seconds = seconds
        self._by: float | None = None
        self._done = False

    async def __call__(self) -> Message:
        if self._done:
            return await self._receive()
        if self._by is None:
            self._by = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._by):
                message = await self._receive()
        except TimeoutError:
            raise BodyRefused(_TOO_SLOW) from None
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._done = not message.get("more_body", False)
            if self._left < 0:
                raise BodyRefused(TOO_LARGE)
        return message


async def checked_json(receive: Receive) -> Receive:
    """The body as one message, once its depth and numbers are known to be harmless."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    body = b"".join(parts)
    if too_elaborate(body):
        raise BodyRefused(_TOO_ELABORATE)
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    if message["type"] != "http.request":
        whole = [message]

    async def replay() -> Message:
        return whole.pop() if whole else await receive()

    return replay

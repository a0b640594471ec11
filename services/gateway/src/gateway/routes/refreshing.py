"""`POST /token/refresh` without the framework in between, which cost as much as everything else of it."""

from typing import Final

from pydantic import ValidationError

from chassis import origin
from gateway.asgi import App, Message, Receive, Scope, Send, deliver, refusal
from gateway.exchange import Answer, Exchange, exchange
from gateway.limits.local_ring import RingOf
from gateway.routes.context import Context
from gateway.shapes.sign_in import RefreshAsked
from gateway.upstreams.auth import Device

# The policy's name, and what the ring counts the framework's route as.
_POLICY: Final = "refresh"
_COUNTED_AS: Final = "gateway.routes.sign_in.refresh"


class Refreshing:
    """Answers what is as it should be; the framework has the route too, documents it and refuses the rest.

    Args:
        context: of the own routes.
        rest: they themselves.
    """

    def __init__(self, context: Context, rest: App) -> None:
        self._auth = context.auth
        self._limits = context.limits
        self._ring = RingOf(context.ring, context.settings.rate_limit_refresh, counted_as=_COUNTED_AS)
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = exchange(scope)
        body = found.body
        if found.policy is None or found.policy.name != _POLICY or body is None or not body.json:
            await self._rest(scope, receive, send)
            return
        # All of it: the chain has looked into the JSON before.
        message = await receive()
        try:
            asked = RefreshAsked.model_validate_json(message.get("body", b""))
        except ValidationError:
            # What is wrong is told in one place.
            await self._rest(scope, _once_more(message, receive), send)
            return
        await deliver(scope, send, await self._answer(found, asked))

    async def _answer(self, found: Exchange, asked: RefreshAsked) -> Answer:
        too_many = self._ring.refuses(found)
        if too_many is not None:
            self._limits.refused_inside(_POLICY)
            return refusal(found, too_many)
        origin.comes_from(found.client)
        device = Device(found.client, found.fields.get(b"user-agent", b"").decode("latin-1"))
        pair = await self._auth.refresh(asked.refresh_token, device)
        body = pair.model_dump_json().encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        return Answer(200, headers, body)


def _once_more(message: Message, receive: Receive) -> Receive:
    """`receive`, with a message that was taken from it put back."""
    taken = [message]

    async def again() -> Message:
        return taken.pop() if taken else await receive()

    return again

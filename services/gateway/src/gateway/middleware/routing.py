"""Finds what a request is for, once: its route's policy is what every later layer obeys."""

from gateway.asgi import App, Receive, Scope, Send
from gateway.exchange import exchange
from gateway.routing import Router


class Routing:
    def __init__(self, app: App, router: Router) -> None:
        self._app = app
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._router.find(scope, exchange(scope))
        await self._app(scope, receive, send)

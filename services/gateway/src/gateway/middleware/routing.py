"""Finds what a request is for, once: its route's policy is what every later step obeys."""

from gateway.asgi import Scope
from gateway.exchange import Exchange
from gateway.routing import Router


class Routing:
    def __init__(self, router: Router) -> None:
        self._router = router

    def __call__(self, scope: Scope, found: Exchange) -> None:
        self._router.find(scope, found)

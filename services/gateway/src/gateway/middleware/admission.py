"""Limits, then the token and its revocation, then the role: the same engine that /authz asks."""

from gateway.asgi import App, Receive, Scope, Send, refuse
from gateway.exchange import exchange
from gateway.verdict import Engine


class Admission:
    def __init__(self, app: App, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = exchange(scope)
        if found.policy is not None:
            verdict = await self._engine.decide(
                scope.get("method", "GET"),
                found.host,
                scope["path"],
                scope["headers"],
                found.client,
                found.policy,
            )
            found.response_headers += verdict.headers
            if verdict.problem is not None:
                await refuse(scope, send, verdict.problem)
                return
            found.principal, found.token = verdict.principal, verdict.token
        await self._app(scope, receive, send)

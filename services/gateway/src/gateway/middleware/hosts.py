"""Answers only to the names it was told it has."""

from collections.abc import Sequence

from gateway.asgi import App, Receive, Scope, Send, refuse
from gateway.exchange import exchange
from gateway.problems import Problem

_REFUSAL = Problem(status=400, reason="UNTRUSTED_HOST", detail="This gateway does not go by that name.")


class TrustedHosts:
    """`*.example.com` stands for every subdomain and not for example.com itself; `*` for every name."""

    def __init__(self, app: App, names: Sequence[str]) -> None:
        self._app = app
        lowered = [name.lower() for name in names]
        self._any = "*" in lowered
        self._names = frozenset(name for name in lowered if not name.startswith("*"))
        self._suffixes = tuple(name[1:] for name in lowered if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = exchange(scope).host
        if host in self._names or self._any or (self._suffixes and host.endswith(self._suffixes)):
            await self._app(scope, receive, send)
            return
        await refuse(scope, send, _REFUSAL, close=True)

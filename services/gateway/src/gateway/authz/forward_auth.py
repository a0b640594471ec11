"""`/authz` for nginx `auth_request`, Traefik and Caddy: 200 with who asks, or 401, 403, 429 and why.

Asked with X-Original-Method and X-Original-URI, or X-Forwarded-Method and X-Forwarded-Uri, it decides
about that request by the routes file. Asked without them it says whether the token is good. Those headers
count only from TRUSTED_PROXIES: from anybody else they would be a client choosing its own policy.
"""

from typing import Final

from chassis.errors import Forbidden
from gateway.asgi import Receive, Scope, Send, refuse
from gateway.authz.decider import Decider
from gateway.authz.question import asks, question
from gateway.clients import Clients
from gateway.exchange import exchange
from gateway.problems import from_error

PATH: Final = "/authz"

_UNTRUSTED = from_error(
    Forbidden(
        "This proxy is not among TRUSTED_PROXIES, so what it says is not believed.", reason="UNTRUSTED_PROXY"
    )
)
_CACHE = (b"cache-control", b"no-store")
_EMPTY = (b"content-length", b"0")


class ForwardAuth:
    """An ASGI app, any method."""

    def __init__(self, decider: Decider, clients: Clients) -> None:
        self._decider = decider
        self._clients = clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        found = exchange(scope)
        # Names this in metrics.
        found.policy = self._decider.alone
        headers = scope["headers"]
        asked = None
        if asks(headers):
            peer = scope.get("client")
            if peer is None or not self._clients.trusts(peer[0]):
                await refuse(scope, send, _UNTRUSTED)
                return
            try:
                asked = question(headers)
            except Forbidden as unclear:
                await refuse(scope, send, from_error(unclear))
                return
        decision = await self._decider.decide(asked, headers=headers, client=found.client, host=found.host)
        found.response_headers += decision.headers
        if decision.problem is not None:
            await refuse(scope, send, decision.problem)
            return
        start = {
            "type": "http.response.start",
            "status": 200,
            "headers": [_EMPTY, _CACHE, *decision.identity],
        }
        await send(start)
        await send({"type": "http.response.body", "body": b""})

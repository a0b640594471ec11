"""Where the way of a request leads once it has been let in."""

from collections.abc import Awaitable, Callable, Mapping

from gateway.asgi import App, Receive, Scope, Send
from gateway.authz.forward_auth import ForwardAuth
from gateway.exchange import Answer, Exchange

Direct = Callable[[Exchange], Answer]
# An ASGI app that may leave a whole answer to be sent.
Proxied = Callable[[Scope, Receive, Send], Awaitable[Answer | None]]


class Ends:
    """One for each kind of request.

    Args:
        own: the gateway's own routes.
        proxied: the routes file.
        forward_auth: another proxy's question.
        direct: own routes by their policy's name that answer from the exchange alone.
    """

    def __init__(
        self,
        own: App,
        proxied: Proxied,
        forward_auth: ForwardAuth,
        direct: Mapping[str, Direct] | None = None,
    ) -> None:
        self.own = own
        self.proxied = proxied
        self.forward_auth = forward_auth
        self.direct = direct or {}

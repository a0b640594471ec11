"""Lets nothing through over plain HTTP: reading is sent to HTTPS, everything else is refused."""

from gateway.asgi import App, Receive, Scope, Send, refuse
from gateway.exchange import exchange
from gateway.problems import Problem

_REFUSAL = Problem(
    status=403, reason="HTTPS_REQUIRED", detail="Use HTTPS; this request was sent in the clear."
)


class Https:
    """Redirects go to the configured name, never to whatever Host the client sent."""

    def __init__(self, app: App, host: str) -> None:
        self._app = app
        self._origin = f"https://{host}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if exchange(scope).scheme == "https":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await refuse(scope, send, _REFUSAL)
            return
        location = self._origin + scope["raw_path"].partition(b"?")[0]
        if scope["query_string"]:
            location += b"?" + scope["query_string"]
        await send(
            {
                "type": "http.response.start",
                "status": 308,
                "headers": [(b"location", location), (b"content-length", b"0")],
            }
        )
        await send({"type": "http.response.body", "body": b""})

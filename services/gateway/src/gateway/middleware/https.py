"""Lets nothing through over plain HTTP: reading is sent to HTTPS, everything else is refused."""

from gateway.asgi import Scope, refusal
from gateway.exchange import Answer, Exchange
from gateway.problems import Problem

_REFUSAL = Problem(
    status=403, reason="HTTPS_REQUIRED", detail="Use HTTPS; this request was sent in the clear."
)


class Https:
    """Redirects go to the configured name, never to whatever Host the client sent."""

    def __init__(self, host: str) -> None:
        self._origin = f"https://{host}".encode()

    def __call__(self, scope: Scope, found: Exchange) -> Answer | None:
        if found.scheme == "https":
            return None
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            return refusal(found, _REFUSAL)
        location = self._origin + scope["raw_path"].partition(b"?")[0]
        if scope["query_string"]:
            location += b"?" + scope["query_string"]
        return Answer(308, [(b"location", location), (b"content-length", b"0")])

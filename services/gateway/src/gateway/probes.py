"""The internal port: liveness, readiness and metrics, for the node and for Prometheus."""

import orjson
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

from chassis.lifecycle import Readiness
from gateway.asgi import Receive, Scope, Send

_TEXT = b"text/plain; charset=utf-8"
_JSON = b"application/json"


class Probes:
    """`/livez` answers while the loop turns; it never asks another machine."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        status, content_type, body = self._answer(scope)
        headers = [
            (b"content-type", content_type),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        if status == 405:  # noqa: PLR2004  # the method is wrong
            headers.append((b"allow", b"GET, HEAD"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _answer(self, scope: Scope) -> tuple[int, bytes, bytes]:
        if scope["method"] not in {"GET", "HEAD"}:
            return 405, _TEXT, b"method not allowed\n"
        match scope["path"]:
            case "/livez":
                return 200, _TEXT, b"ok\n"
            case "/readyz":
                return self._ready(verbose=b"verbose" in scope["query_string"])
            case "/metrics":
                accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
                encode, content_type = choose_encoder(accept.decode("latin-1"))
                return 200, content_type.encode(), encode(REGISTRY)
        return 404, _TEXT, b"not found\n"

    def _ready(self, *, verbose: bool) -> tuple[int, bytes, bytes]:
        ready = self._readiness.ready
        status = 200 if ready else 503
        if not verbose:
            return status, _TEXT, b"ok\n" if ready else b"not ready\n"
        body = {"ready": ready, "needs": self._readiness.needs()}
        return status, _JSON, orjson.dumps(body) + b"\n"

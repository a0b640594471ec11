"""The barest servers there are: a FastAPI route, and an ASGI and an RSGI app that do nothing."""

from typing import Any

from fastapi import FastAPI

fastapi_app = FastAPI()
BODY = b'{"status":"ok"}'


@fastapi_app.get("/")
async def bare_route() -> dict[str, str]:
    return {"status": "ok"}


async def asgi_app(scope: Any, _receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"15")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


async def rsgi_app(_scope: Any, protocol: Any) -> None:
    """Granian's own interface: one call for an answer."""
    protocol.response_bytes(200, [("content-type", "application/json")], BODY)

"""The barest servers there are: a FastAPI route and an ASGI app that does nothing."""

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

"""What the gateway is measured beside: a bare FastAPI route and a bare ASGI app, on the same uvicorn."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI

fastapi_app = FastAPI()
BODY = b'{"status":"ok"}'
KIB = b"x" * 1024


@fastapi_app.get("/")
async def bare_route() -> dict[str, str]:
    return {"status": "ok"}


async def asgi_app(scope: Any, _receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"15")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


async def kib_app(scope: Any, _receive: Any, send: Any) -> None:
    """An upstream whose own cost is as small as it gets."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/octet-stream"), (b"content-length", b"1024")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": KIB})


@contextmanager
def serving(app: str) -> Iterator[tuple[int, int]]:
    """The port and the process id of one of the apps above, by its name."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", f"yardsticks:{app}", "--port", str(port), "--no-access-log"),
            *("--http", "httptools", "--loop", "uvloop", "--lifespan", "off", "--log-level", "warning"),
        ],
        cwd=Path(__file__).parent,
    )
    try:
        _wait(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")

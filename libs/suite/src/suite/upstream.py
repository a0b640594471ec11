"""A stand-in for a team's own API: `python -m suite.upstream PORT` answers every GET with the time.

Stop or kill it to see what the gateway says while it is gone.
"""

import sys
from datetime import UTC, datetime

from aiohttp import web


async def answer(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "message": "Hello from the sample upstream.",
            "path": request.path,
            "at": datetime.now(UTC).isoformat(),
        }
    )


def application() -> web.Application:
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=int(sys.argv[1]), print=None)

"""/external-api: one JSON shape whatever happens: the upstream's data, the last good data, or none.

`{"status": "ok", "source": "upstream", "data": ...}`, and otherwise `"status": "degraded"` with
`"source": "fallback_cache"` and the data last seen, or `"source": "fallback"` where none was.
"""

import orjson

from gateway.asgi import Send
from gateway.exchange import Exchange, Headers
from gateway.proxy.bulkhead import Full
from gateway.proxy.faults import Malformed, UpstreamFault
from gateway.proxy.last_good import LastGood
from gateway.proxy.request import Outgoing
from gateway.proxy.route import Route
from gateway.proxy.telemetry import Observer
from gateway.proxy.upstream import BreakerOpen

_MAX_BYTES = 1024 * 1024
_GOOD = range(200, 300)


class Envelope:
    def __init__(self, last_good: LastGood | None, observer: Observer) -> None:
        self._last_good = last_good
        self._observer = observer

    async def serve(self, send: Send, found: Exchange, route: Route, request: Outgoing) -> None:
        try:
            data = await self._fetch(route, request)
        except (BreakerOpen, Full, UpstreamFault):
            await self._degraded(send, found, route)
            return
        if self._last_good is not None:
            self._last_good.put(self._last_good.key(route.name, b"", [], None), [], orjson.dumps(data))
        await _answer(send, {"status": "ok", "source": "upstream", "data": data}, [])

    async def _fetch(self, route: Route, request: Outgoing) -> object:
        upstream = route.upstream
        if upstream is None:
            raise Malformed("there is no upstream")
        lease = await upstream.open(request, route.retries, timeout=route.timeout)
        try:
            parts: list[bytes] = []
            size = 0
            while data := await lease.connection.chunk():
                parts.append(data)
                size += len(data)
                if size > _MAX_BYTES:
                    raise Malformed("larger than this route takes")
            status = lease.connection.answer.status
        except UpstreamFault as fault:
            lease.broke(fault)
            raise
        finally:
            await lease.release()
        if status not in _GOOD:
            raise Malformed("not a good answer")
        try:
            return orjson.loads(b"".join(parts))
        except ValueError:
            raise Malformed("not JSON") from None

    async def _degraded(self, send: Send, found: Exchange, route: Route) -> None:
        kept = None
        if self._last_good is not None:
            kept = await self._last_good.get(self._last_good.key(route.name, b"", [], None))
        source = "fallback" if kept is None else "fallback_cache"
        found.outcome = source
        self._observer.fell_back(route.name, source, None if kept is None else kept[1])
        body: dict[str, object] = {"status": "degraded", "source": source}
        headers: Headers = [(b"x-degraded", source.replace("_", "-").encode())]
        if kept is not None:
            stored, age = kept
            body["data"] = orjson.Fragment(stored.body)
            headers.append((b"age", b"%d" % age))
        await _answer(send, body, headers)


async def _answer(send: Send, body: dict[str, object], headers: Headers) -> None:
    text = orjson.dumps(body)
    given = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(text)),
        (b"cache-control", b"no-store"),
        *headers,
    ]
    await send({"type": "http.response.start", "status": 200, "headers": given})
    await send({"type": "http.response.body", "body": text})

"""Carries a request to its route's upstream and the answer back, whole or visibly broken, never short."""

import asyncio

from gateway.asgi import Receive, Scope, Send, refusal
from gateway.exchange import Answer, Exchange, Headers, exchange
from gateway.problems import Problem, retry_after
from gateway.proxy.bulkhead import Full
from gateway.proxy.envelope import Envelope
from gateway.proxy.faults import ClientGone, TimedOut, UpstreamFault
from gateway.proxy.headers import Looping, answer_headers
from gateway.proxy.identity import Signer
from gateway.proxy.last_good import LastGood, keepable
from gateway.proxy.leaving import Watch
from gateway.proxy.outgoing import outgoing, target
from gateway.proxy.request import Outgoing
from gateway.proxy.route import Route
from gateway.proxy.telemetry import Observer
from gateway.proxy.upstream import BreakerOpen, Lease
from gateway.proxy.websocket import WebSockets

_SERVER_FAULT = 500
_WITHOUT_CONTENT = frozenset({204, 304})
Failure = BreakerOpen | Full | UpstreamFault

_NOTHING_HERE = Problem(status=404, reason="NOT_FOUND", detail="There is nothing here.")
_LOOP = Problem(status=508, reason="LOOP_DETECTED", detail="This request has passed here before.")


def problem_for(failure: Failure) -> Problem:
    """What the client is told; the names of upstreams are not."""
    match failure:
        case BreakerOpen():
            return Problem(
                status=503,
                reason="UPSTREAM_UNAVAILABLE",
                detail="The service behind this route is not well; try again.",
                headers=(retry_after(failure.retry_after),),
            )
        case Full():
            return Problem(
                status=503,
                reason="UPSTREAM_BUSY",
                detail="The service behind this route has all it can take; try again.",
                headers=(retry_after(1),),
            )
        case TimedOut():
            return Problem(
                status=504, reason="UPSTREAM_TIMEOUT", detail="The service behind this route took too long."
            )
    return Problem(
        status=502, reason="UPSTREAM_FAULT", detail="The service behind this route failed to answer."
    )


def outcome_of(failure: Failure) -> str:
    match failure:
        case BreakerOpen():
            return "breaker_open"
        case Full():
            return "bulkhead_full"
    return failure.kind


class ProxyApp:
    """An ASGI app; the exchange's target is the Route."""

    def __init__(self, *, signer: Signer, last_good: LastGood | None, observer: Observer) -> None:
        self._signer = signer
        self._last_good = last_good
        self._observer = observer
        self._watch = Watch()
        self._sockets = WebSockets(signer)
        self._envelope = Envelope(last_good, observer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        """The answer, where all of it was here before any of it was sent."""
        found = exchange(scope)
        route: Route = found.target
        if scope["type"] == "websocket":
            await self._sockets(scope, receive, send, route)
            return None
        if route.upstream is None and not route.envelope:
            return refusal(found, _NOTHING_HERE)
        try:
            request = await outgoing(scope, receive, found, route, self._signer)
            self._watch.begin(request, receive)
            try:
                return await self._serve(scope, send, found, route, request)
            finally:
                watching = self._watch.end(request)
                if watching is not None:
                    await asyncio.wait({watching})
        except Looping:
            return refusal(found, _LOOP)
        except ClientGone:
            # There is nobody to tell.
            found.outcome = "client_gone"
            return None

    async def _serve(
        self, scope: Scope, send: Send, found: Exchange, route: Route, request: Outgoing
    ) -> Answer | None:
        upstream = route.upstream
        if upstream is None or route.envelope:
            await self._envelope.serve(send, found, route, request)
            return None
        key = self._key(scope, found, route)
        try:
            lease = await upstream.open(request, route.retries, timeout=route.timeout)
        except (BreakerOpen, Full, UpstreamFault) as failure:
            found.outcome = outcome_of(failure)
            if isinstance(failure, BreakerOpen | Full):
                self._observer.refused(upstream.name, found.outcome)
            replayed = None if key is None else await self._replay(found, route, key)
            return replayed or refusal(found, problem_for(failure))
        if lease.connection.answer.status >= _SERVER_FAULT and key is not None:
            # Nothing of it has been passed on yet, so a good one may take its place.
            try:
                replayed = await self._replay(found, route, key)
            except BaseException:
                await lease.release()
                raise
            if replayed is not None:
                await lease.release()
                return replayed
        return await self._relay(scope, send, found, route, lease, key)

    async def _relay(
        self, scope: Scope, send: Send, found: Exchange, route: Route, lease: Lease, key: str | None
    ) -> Answer | None:
        answer = lease.connection.answer
        status, given = answer.status, answer.headers
        headers = answer_headers(given, route.response_rules)
        body = answer.whole()
        if body is not None:
            await lease.release()
            if scope["method"] == "HEAD":
                headers += [pair for pair in given if pair[0] == b"content-length"]
            elif status not in _WITHOUT_CONTENT:
                headers.append((b"content-length", b"%d" % len(body)))
            fits = len(body) <= route.last_good_max_bytes
            if self._last_good is not None and key is not None and fits and keepable(status, given):
                self._last_good.put(key, _kept(headers), body)
            return Answer(status, headers, body)
        try:
            headers += [pair for pair in given if pair[0] == b"content-length"]
            keep = self._last_good if key is not None and keepable(status, given) else None
            copy: list[bytes] | None = None if keep is None else []
            await send({"type": "http.response.start", "status": status, "headers": headers})
            whole = await _stream(send, route, lease, copy)
        finally:
            await lease.release()
        if not whole:
            found.outcome = "truncated"
        elif keep is not None and key is not None and copy:
            keep.put(key, _kept(headers), b"".join(copy))
        return None

    def _key(self, scope: Scope, found: Exchange, route: Route) -> str | None:
        if not route.last_good or self._last_good is None or scope["method"] != "GET":
            return None
        subject = None if found.principal is None else found.principal.sub
        return self._last_good.key(route.name, target(scope, route), scope["headers"], subject)

    async def _replay(self, found: Exchange, route: Route, key: str) -> Answer | None:
        kept = None if self._last_good is None else await self._last_good.get(key)
        if kept is None:
            return None
        stored, age = kept
        found.outcome = "last_good"
        self._observer.fell_back(route.name, "last_good", age)
        headers: Headers = [
            *stored.headers,
            (b"content-length", b"%d" % len(stored.body)),
            (b"age", b"%d" % age),
            (b"x-degraded", b"last-good"),
        ]
        return Answer(200, headers, stored.body)


def _kept(headers: Headers) -> Headers:
    return [pair for pair in headers if pair[0] not in {b"content-length", b"age"}]


async def _stream(send: Send, route: Route, lease: Lease, copy: list[bytes] | None) -> bool:
    """Pass on part by part, as fast as the client reads; `copy` is given up when too large.

    False where the answer broke off.
    """
    connection = lease.connection
    loop = asyncio.get_running_loop()
    size = 0
    while True:
        connection.wait_until(loop.time() + route.idle_timeout)
        try:
            data = await connection.chunk()
        except UpstreamFault as fault:
            lease.broke(fault)
            # The server underneath sees an answer without its end and cuts the connection.
            return False
        if copy is not None:
            size += len(data)
            copy.append(data)
            if size > route.last_good_max_bytes:
                copy.clear()
                copy = None
        try:
            async with asyncio.timeout(route.idle_timeout):
                await send({"type": "http.response.body", "body": data, "more_body": bool(data)})
        except TimeoutError:
            raise ClientGone from None
        if not data:
            return True

"""The way of every request, outermost first."""

from collections.abc import Callable
from typing import Final, NamedTuple

from chassis.errors import ServiceError
from chassis.observability import context as trace_context
from chassis.observability.context import Sampler, TraceContext
from gateway.asgi import Message, Receive, Scope, Send, deliver, refusal
from gateway.authz.forward_auth import PATH as AUTHZ
from gateway.clients import Clients
from gateway.ends import Ends
from gateway.exchange import KEY, SAY, Answer, Exchange
from gateway.handling import Handler
from gateway.middleware.arrival import Arrival
from gateway.middleware.body import BodyRefused, BoundedBody, checked_json
from gateway.middleware.cors import Cors
from gateway.middleware.guards import Bounds, Guards
from gateway.middleware.hosts import TrustedHosts
from gateway.middleware.https import Https
from gateway.middleware.routing import Routing
from gateway.middleware.security_headers import SecurityHeaders
from gateway.problems import Problem
from gateway.routing import Router
from gateway.settings import GatewaySettings
from gateway.telemetry import RequestMetrics
from gateway.verdict import Engine, Verdict

Step = Callable[[Scope, Exchange], Answer | None]

_NOT_FOUND: Final = Problem(status=404, reason="ROUTE_NOT_FOUND", detail="There is no such route.")
_CLOSE: Final = (b"connection", b"close")


class Known(NamedTuple):
    """A request whose way up to its admission is known, for the next one of the very same bytes."""

    # Shared between requests, and so never written to.
    scope: Scope
    found: Exchange
    # The routes it was found with.
    table: object


class Chain:
    """An ASGI app, and the same thing without waiting: `at_once`."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        sampler: Sampler,
        metrics: RequestMetrics,
        draining: Callable[[], bool],
        router: Router,
        engine: Engine,
        ends: Ends,
    ) -> None:
        self._arrival = Arrival(sampler, Clients(settings.proxies, settings.trusted_proxy_header), metrics)
        self._guards = Guards(
            Bounds(
                body=settings.max_body_bytes,
                body_seconds=settings.body_timeout_seconds,
                header_count=settings.max_header_count,
                header_bytes=settings.max_header_bytes,
                query=settings.max_query_bytes,
            )
        )
        self._before: tuple[Step, ...] = (
            Routing(router),
            self._guards,
            TrustedHosts(settings.trusted_hosts),
            *((Https(settings.redirect_host),) if settings.https_redirect_enabled else ()),
        )
        # What browsers are told, also with an answer that an earlier step gives.
        cors = Cors(settings.cors_allow_origins, credentials=settings.cors_allow_credentials)
        self._telling: tuple[Step, ...] = (cors, SecurityHeaders())
        self._router = router
        self._metrics = metrics
        self._draining = draining
        self._engine = engine
        self._ends = ends

    def at_once(self, scope: Scope) -> Answer | None:
        """The whole answer to an HTTP request, where nothing has to be waited for.

        None where something has: then the app is called with the same scope and goes on from there.
        """
        found = self._begin(scope)
        return None if found.answer is None else self._whole(scope, found, found.answer)

    def rehearse(self, scope: Scope) -> Known | None:
        """The way of a request without its admission, to be gone `again`; nothing is counted or told.

        None for what is refused on it, has a body, or is like no other request.
        """
        found, table = self._arrival.rehearse(scope), self._router.table
        if found is None or self._walk(scope, found) is not None:
            return None
        if scope["path"] == AUTHZ:
            try:
                found.matter = self._ends.forward_auth.matter(scope, found)
            except ServiceError:
                return None
            return None if found.matter is None else Known(scope, found, table)
        return None if found.policy is None or found.body is not None else Known(scope, found, table)

    def again(self, known: Known) -> tuple[Exchange, Answer | None] | None:
        """As `at_once`, for a request of the very bytes of a known one: what is found, and the answer.

        None where other routes are in force by now.
        """
        scope, before, table = known
        if table is not self._router.table:
            return None
        found = self._arrival.again(scope, before)
        with Handler(found):
            found.answer = self._admit_now(scope, found)
        return found, None if found.answer is None else self._whole(scope, found, found.answer)

    def _whole(self, scope: Scope, found: Exchange, answer: Answer) -> Answer:
        found.status = answer.status
        complete = self._complete(scope, found, answer)
        self._end(scope, found)
        return complete

    def _complete(self, scope: Scope, found: Exchange, answer: Answer) -> Answer:
        """With the headers that every answer carries."""
        carried = self._carried(scope, found)
        if carried[-1] is _CLOSE:
            answer = answer._replace(close=True)
        answer.headers.extend(carried)
        return answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Taken out, for it holds the scope: together they would be garbage that only a collection finds.
        say = scope.pop(SAY, None)
        found: Exchange = scope.get(KEY) or self._begin(scope)
        trace_context.attach(TraceContext(found.trace_id, found.span_id, found.sampled))

        async def answer(message: Message) -> None:
            kind = message["type"]
            if kind in {"http.response.start", "websocket.http.response.start"}:
                found.status = message["status"]
                message["headers"] = [*message.get("headers", ()), *self._carried(scope, found)]
            elif kind == "websocket.accept":
                found.status = 101
            await send(message)

        self._metrics.waits(scope, found, 1)
        try:
            with Handler(found):
                if found.answer is None:
                    found.answer = await self._go_on(scope, receive, answer, found)
                if found.answer is not None and say is not None:
                    say(self._complete(scope, found, found.answer))
                    found.status = found.answer.status
            if found.answer is not None and found.status is None:
                await deliver(scope, answer, found.answer)
        finally:
            self._metrics.waits(scope, found, -1)
            self._end(scope, found)

    def _begin(self, scope: Scope) -> Exchange:
        found = self._arrival(scope)
        with Handler(found):
            # Last of all, where no body has to be looked at first: limits, then token, revocation and role.
            found.answer = self._walk(scope, found) or self._admit_now(scope, found)
        return found

    def _walk(self, scope: Scope, found: Exchange) -> Answer | None:
        """The way up to the admission; the answer of a step that ends it."""
        refused: Answer | None = None
        for step in self._before:
            refused = step(scope, found)
            if refused is not None:
                break
        for step in self._telling:
            answer = step(scope, found)
            if answer is not None and refused is None:
                return answer
        return refused

    def _admit_now(self, scope: Scope, found: Exchange) -> Answer | None:
        if scope["path"] == AUTHZ and scope["type"] == "http":
            return self._ends.forward_auth.decide_now(scope, found)
        if found.policy is None:
            return refusal(found, _NOT_FOUND if found.allow is None else _not_allowed(found.allow))
        if found.body is not None:
            return None
        verdict = self._engine.decide_now(found.fields, found.host, found.client, found.policy, found.kept)
        return None if verdict is None else self._admitted(scope, found, verdict)

    def _admitted(self, scope: Scope, found: Exchange, verdict: Verdict) -> Answer | None:
        """None where the request goes on to its end."""
        found.response_headers += verdict.headers
        if verdict.problem is not None:
            return refusal(found, verdict.problem)
        found.principal, found.token, found.admitted = verdict.principal, verdict.token, True
        if found.proxied or found.policy is None:
            return None
        if scope["type"] == "websocket":
            return refusal(found, _NOT_FOUND)
        direct = self._ends.direct.get(found.policy.name)
        return None if direct is None else direct(found)

    async def _go_on(self, scope: Scope, receive: Receive, send: Send, found: Exchange) -> Answer | None:
        """What has to be waited for: a body, a decision, the end itself, unless that is an answer."""
        if scope["path"] == AUTHZ and scope["type"] == "http":
            return await self._ends.forward_auth.decide(scope, found)
        try:
            if found.body is not None:
                receive = BoundedBody(receive, self._guards.most(found), self._guards.seconds(found))
                if found.body.json:
                    receive = await checked_json(receive)
            if not found.admitted and found.policy is not None:
                verdict = await self._engine.decide(found.fields, found.host, found.client, found.policy)
                answer = self._admitted(scope, found, verdict)
                if answer is not None:
                    return answer
            if found.proxied:
                return await self._ends.proxied(scope, receive, send)
            # HEAD is answered as GET; the server leaves the body out.
            asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
            await self._ends.own(asked, receive, send)
        except BodyRefused as refused:
            if found.status is not None:
                raise
            return refusal(found, refused.problem, close=True)
        return None

    def _carried(self, scope: Scope, found: Exchange) -> list[tuple[bytes, bytes]]:
        headers = [*found.response_headers, (b"x-request-id", found.request_id.encode())]
        if self._draining() and scope["type"] == "http" and scope["http_version"] == "1.1":
            headers.append(_CLOSE)
        return headers

    def _end(self, scope: Scope, found: Exchange) -> None:
        self._metrics.answered(scope, found)
        if found.span is not None:
            self._metrics.end(found.span, scope, found)


def _not_allowed(allow: frozenset[str]) -> Problem:
    return Problem(
        status=405,
        reason="METHOD_NOT_ALLOWED",
        detail="This route does not have that method.",
        headers=((b"allow", ", ".join(sorted(allow)).encode()),),
    )

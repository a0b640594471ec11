"""An upstream: its endpoints behind one breaker, one bulkhead and one retry budget."""

import asyncio
import ssl
from collections.abc import Callable
from functools import cached_property

from gateway.proxy.balance import Balancer, Endpoint
from gateway.proxy.breaker import Breaker, Permit
from gateway.proxy.budget import RetryBudget
from gateway.proxy.bulkhead import Bulkhead
from gateway.proxy.connection import Connection
from gateway.proxy.faults import ConnectFailed, ConnectionLost, UpstreamFault
from gateway.proxy.pool import Address, Pool
from gateway.proxy.request import Outgoing
from gateway.proxy.rules import Retries, UpstreamRules
from gateway.proxy.telemetry import Observer

_FAILURE = 500


class BreakerOpen(Exception):
    def __init__(self, retry_after: float) -> None:
        super().__init__()
        self.retry_after = retry_after


class Lease:
    """An answer that has begun, and the place it holds; `release` it however it ends."""

    __slots__ = ("_permit", "_request", "_upstream", "connection", "endpoint")

    def __init__(
        self,
        upstream: "Upstream",
        endpoint: Endpoint,
        connection: Connection,
        permit: Permit,
        request: Outgoing,
    ) -> None:
        self._upstream = upstream
        self.endpoint = endpoint
        self.connection = connection
        # Spent where the answer was whole or bad from its head on.
        self._permit = permit
        self._request = request

    async def release(self) -> None:
        if self._request.sending:
            # Answered before the request was all out: the rest would be read as another request.
            await self._request.stop()
            self.connection.abort()
        self._request.connection = None
        if self.connection.answer.complete:
            self._upstream.went_well(self.endpoint, self._permit)
        self._permit.release()
        self.endpoint.active -= 1
        self.endpoint.pool.give(self.connection)
        self._upstream.bulkhead.leave()

    def broke(self, fault: UpstreamFault) -> None:
        """The answer broke after its head."""
        self._upstream.went_wrong(self.endpoint, self._permit, fault.kind)


class Upstream:
    def __init__(
        self,
        name: str,
        rules: UpstreamRules,
        *,
        now: Callable[[], float],
        tls: ssl.SSLContext | None = None,
        observer: Observer,
    ) -> None:
        self.name = name
        self.rules = rules
        self._observer = observer
        self._asking = observer.attempts(name)
        self.breaker = Breaker(
            name,
            failures=rules.breaker_failures,
            open_seconds=rules.breaker_open_seconds,
            now=now,
            changed=lambda state: observer.breaker(name, state),
        )
        self.bulkhead = Bulkhead(
            rules.max_concurrent, wait_seconds=rules.max_wait_seconds, max_waiting=rules.max_waiting
        )
        self.budget = RetryBudget(ratio=rules.retry_ratio, per_second=rules.retries_per_second, now=now)
        self.balancer = Balancer(
            how=rules.balance,
            ejection=rules.ejection,
            now=now,
            pool=lambda address: Pool(
                address,
                tls=tls,
                connect_timeout=rules.connect_timeout,
                idle_seconds=rules.keep_alive_seconds,
                max_idle=rules.max_idle,
            ),
        )

    @cached_property
    def _loop(self) -> asyncio.AbstractEventLoop:
        # Asking which it is costs a system call each time.
        return asyncio.get_running_loop()

    def update(self, addresses: tuple[Address, ...]) -> None:
        self.balancer.update(addresses)

    def close(self) -> None:
        self.balancer.close()

    async def open(self, request: Outgoing, retries: Retries, *, timeout: float) -> Lease:  # noqa: ASYNC109 - bounds the connection's own timer
        """Send a request until an answer begins.

        Raises:
            BreakerOpen: nobody calls this upstream at the moment.
            Full: no place in its bulkhead in time.
            UpstreamFault: what the last attempt failed with.
            ClientGone: the client left; neutral to breaker and health.
        """
        if self.breaker.rejecting():
            raise BreakerOpen(self.breaker.retry_after())
        deadline = self._loop.time() + timeout
        if not self.bulkhead.try_enter():
            await self.bulkhead.enter()
        try:
            self.budget.earn()
            return await self._attempts(request, retries, deadline, timeout)
        except BaseException:
            self.bulkhead.leave()
            raise

    async def _attempts(self, request: Outgoing, retries: Retries, deadline: float, patience: float) -> Lease:
        avoid: Endpoint | None = None
        attempt = 1
        while True:
            permit = self.breaker.permit()
            if permit is None:
                raise BreakerOpen(self.breaker.retry_after())
            endpoint = self.balancer.pick(avoid)
            if endpoint is None:
                permit.failed()
                raise ConnectFailed("the upstream has no endpoint")
            limit = deadline
            if retries.attempt_timeout is not None:
                limit = min(deadline, self._loop.time() + retries.attempt_timeout)
            try:
                asked = self._attempt(endpoint, request, limit, patience)
                connection = await self._asking.told(asked, request, endpoint.pool.address, attempt)
            except UpstreamFault as fault:
                self.went_wrong(endpoint, permit, fault.kind)
                safe = isinstance(fault, ConnectFailed) and not request.spent
                wanted = fault.kind in retries.on_faults and (safe or request.repeatable)
                if not self._again(attempt, retries, deadline, wanted=wanted, why=fault.kind):
                    raise
            except BaseException:
                permit.release()
                raise
            else:
                self._judge(endpoint, permit, connection)
                wanted = connection.answer.status in retries.on_statuses and request.repeatable
                if not self._again(attempt, retries, deadline, wanted=wanted, why="status"):
                    return Lease(self, endpoint, connection, permit, request)
                permit.release()
                endpoint.active -= 1
                endpoint.pool.give(connection)
            attempt += 1
            avoid = endpoint

    async def _attempt(
        self, endpoint: Endpoint, request: Outgoing, deadline: float, patience: float
    ) -> Connection:
        """One request on a kept connection, or, if that turns out to have been closed, on a new one."""
        endpoint.active += 1
        pool = endpoint.pool
        connection = pool.take()
        try:
            while True:
                if connection is None:
                    connection = await pool.connect(deadline)
                kept = connection.served > 0
                try:
                    await request.send(
                        connection, pool.address.authority, deadline=deadline, patience=patience
                    )
                    break
                except ConnectionLost:
                    if not (kept and request.repeatable):
                        raise
                    # It was closing while we wrote: no sign of trouble, and a new one cannot be stale.
                    connection = None
        except BaseException:
            endpoint.active -= 1
            request.connection = None
            if connection is not None:
                connection.abort()
            raise
        return connection

    def _judge(self, endpoint: Endpoint, permit: Permit, connection: Connection) -> None:
        """By the head; a long answer may still break, and only a trial cannot wait for that."""
        if connection.answer.status >= _FAILURE:
            self.went_wrong(endpoint, permit, "status")
        elif connection.answer.complete or permit.trial:
            self.went_well(endpoint, permit)

    def went_well(self, endpoint: Endpoint, permit: Permit) -> None:
        if permit.succeeded():
            self.balancer.succeeded(endpoint)

    def went_wrong(self, endpoint: Endpoint, permit: Permit, kind: str) -> None:
        permit.failed()
        self._observer.failed(self.name, kind)
        if self.balancer.failed(endpoint):
            self._observer.ejected(self.name)

    def _again(self, attempt: int, retries: Retries, deadline: float, *, wanted: bool, why: str) -> bool:
        if not wanted or attempt >= retries.attempts or self._loop.time() >= deadline:
            return False
        if not self.budget.spend():
            self._observer.retried(self.name, "out_of_budget")
            return False
        self._observer.retried(self.name, why)
        return True

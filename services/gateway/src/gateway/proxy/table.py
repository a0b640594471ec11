"""The routes in force: swapped as a whole, while requests under way keep those they began with."""

import ssl
from collections.abc import Callable, Iterable, Mapping

from gateway.limits.notation import Limit
from gateway.policy import OnStale, RoutePolicy
from gateway.proxy.balance import Ejection
from gateway.proxy.document import HeaderPart, RoutePart, RoutesFile, UpstreamPart, split_url
from gateway.proxy.headers import HeaderRules
from gateway.proxy.pool import Address
from gateway.proxy.route import Identity, Route
from gateway.proxy.rules import Retries, UpstreamRules
from gateway.proxy.telemetry import Observer
from gateway.proxy.upstream import Upstream


class RouteTable:
    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._by_prefix: dict[str, list[Route]] = {}
        for route in self.routes:
            self._by_prefix.setdefault(route.prefix, []).append(route)

    def match(self, method: str, path: str) -> Route | None:
        """The route of the longest prefix, by whole segments; if none takes the method, one that does not."""
        prefix = path.rstrip("/") if path.endswith("/") else path
        while True:
            candidates = self._by_prefix.get(prefix)
            if candidates is not None and (prefix == path or not candidates[0].exact):
                return _for_method(candidates, method)
            if not prefix:
                return None
            prefix = prefix[: prefix.rfind("/")]


def _for_method(candidates: list[Route], method: str) -> Route:
    for route in candidates:
        if method in route.policy.methods:
            return route
    if method == "HEAD":
        return _for_method(candidates, "GET")
    return candidates[0]


class LiveRoutes:
    """The table, and the upstreams behind it: those whose description stays keep their state."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        observer: Observer,
        can_sign: bool,
        builtin: Iterable[Route] = (),
    ) -> None:
        self._now = now
        self._observer = observer
        self._can_sign = can_sign
        self._builtin = tuple(builtin)
        self._upstreams: dict[str, tuple[UpstreamPart, Upstream]] = {}
        self.table = RouteTable(self._builtin)

    def match(self, method: str, path: str) -> Route | None:
        return self.table.match(method, path)

    @property
    def upstreams(self) -> Mapping[str, tuple[UpstreamPart, Upstream]]:
        return self._upstreams

    def apply(self, document: RoutesFile) -> None:
        """Put a document in force; on an error in its files (TLS) nothing changes."""
        fresh: dict[str, tuple[UpstreamPart, Upstream]] = {}
        for name, part in document.upstreams.items():
            known = self._upstreams.get(name)
            fresh[name] = (
                known if known is not None and known[0] == part else (part, self._upstream(name, part))
            )
        routes = [_route(part, fresh, can_sign=self._can_sign) for part in document.routes]
        gone = [
            upstream
            for name, (_, upstream) in self._upstreams.items()
            if fresh.get(name, (None, None))[1] is not upstream
        ]
        self._upstreams = fresh
        self.table = RouteTable([*self._builtin, *routes])
        for upstream in gone:
            upstream.close()

    def close(self) -> None:
        for _, upstream in self._upstreams.values():
            upstream.close()
        for route in self._builtin:
            if route.upstream is not None:
                route.upstream.close()

    def _upstream(self, name: str, part: UpstreamPart) -> Upstream:
        upstream = Upstream(
            name,
            UpstreamRules(
                balance=part.balance,
                ejection=None if part.ejection is None else Ejection(**part.ejection.model_dump()),
                breaker_failures=part.breaker.failures,
                breaker_open_seconds=part.breaker.open_seconds,
                max_concurrent=part.bulkhead.max_concurrent,
                max_wait_seconds=part.bulkhead.max_wait_seconds,
                max_waiting=part.bulkhead.max_waiting,
                retry_ratio=part.retry_budget.ratio,
                retries_per_second=part.retry_budget.per_second,
                connect_timeout=part.connect_timeout_seconds,
                keep_alive_seconds=part.keep_alive_seconds,
                max_idle=part.max_idle_connections,
            ),
            now=self._now,
            tls=tls_context(part),
            observer=self._observer,
        )
        upstream.update(tuple(address_of(url, tls_name=part.tls.server_name) for url in part.targets))
        return upstream


def address_of(url: str, *, tls_name: str | None = None) -> Address:
    parts = split_url(url)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    return Address(
        host,
        parts.port or (443 if secure else 80),
        parts.netloc.encode("ascii"),
        (tls_name or host) if secure else None,
    )


def tls_context(part: UpstreamPart) -> ssl.SSLContext:
    """Raises OSError (ssl.SSLError among them) for files that are not there or not PEM."""
    context = ssl.create_default_context(cafile=part.tls.ca_file)
    if part.tls.cert_file is not None:
        context.load_cert_chain(part.tls.cert_file, part.tls.key_file)
    return context


def _route(
    part: RoutePart, upstreams: Mapping[str, tuple[UpstreamPart, Upstream]], *, can_sign: bool
) -> Route:
    policy = RoutePolicy(
        name=part.name,
        methods=frozenset(part.methods),
        access=part.auth.access,
        roles=frozenset(part.auth.roles),
        scopes=frozenset(part.auth.scopes),
        limits=tuple(Limit.parse(text) for text in part.limits),
        on_store_failure=part.on_store_failure,
        revocation_staleness=None if part.revocations is None else part.revocations.max_age_seconds,
        on_stale=OnStale.ALLOW if part.revocations is None else part.revocations.when_older,
        max_body=part.max_body_bytes,
        body_timeout=part.body_timeout_seconds,
    )
    return Route(
        policy=policy,
        prefix=part.prefix,
        upstream=None if part.upstream is None else upstreams[part.upstream][1],
        rewrite=part.rewrite,
        timeout=part.timeout_seconds,
        idle_timeout=part.idle_timeout_seconds,
        retries=Retries(
            attempts=part.retries.attempts,
            on_faults=frozenset(part.retries.faults),
            on_statuses=frozenset(part.retries.statuses),
            attempt_timeout=part.retries.attempt_timeout_seconds,
        ),
        websocket=part.websocket,
        pass_host=part.pass_host,
        pass_authorization=part.pass_authorization,
        identity=part.identity or (Identity.SIGNED if can_sign else Identity.NONE),
        identity_in_front=part.identity or Identity.SIGNED,
        last_good=part.fallback is not None and part.fallback.last_good,
        last_good_max_bytes=part.fallback.max_bytes if part.fallback is not None else 0,
        request_rules=_rules(part.request_headers),
        response_rules=_rules(part.response_headers),
    )


def _rules(part: HeaderPart) -> HeaderRules:
    pairs = tuple((name.encode(), value.encode()) for name, value in part.set.items())
    # What is set replaces, so it is removed first.
    return HeaderRules(frozenset(name.encode() for name in (*part.remove, *part.set)), pairs)

"""Everything proxied, opened on a service's stack: one call, and what the rest of the gateway needs of it."""

import time
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from chassis.redis_url import redis_url
from gateway.limits.notation import Limit
from gateway.policy import Access, RoutePolicy
from gateway.proxy.app import ProxyApp
from gateway.proxy.document import UpstreamPart
from gateway.proxy.identity import Signer
from gateway.proxy.last_good import LastGood, connect
from gateway.proxy.route import Route
from gateway.proxy.rules import UpstreamRules
from gateway.proxy.table import LiveRoutes, address_of, tls_context
from gateway.proxy.telemetry import Observer
from gateway.proxy.upstream import Upstream
from gateway.proxy.watching import Watcher, watch
from gateway.settings import GatewaySettings

EXTERNAL_API = "/external-api"


@dataclass(frozen=True, slots=True)
class Proxied:
    app: ProxyApp
    routes: LiveRoutes
    signer: Signer
    # None without a routes file.
    watcher: Watcher | None


async def open_proxy(
    stack: AsyncExitStack, settings: GatewaySettings, *, reserved: Collection[str] = ()
) -> Proxied:
    """Build the proxy; a routes file that is wrong ends the process with status 78.

    Args:
        stack: closes what is opened here.
        settings: of the gateway.
        reserved: the paths that the gateway answers itself.
    """
    observer = Observer()
    secret = settings.identity_secret
    signer = Signer(
        None if secret is None else secret.get_secret_value().encode(),
        issuer=settings.token_issuer,
        now=time.time,
    )
    last_good = _last_good(stack, settings)
    routes = LiveRoutes(
        now=time.monotonic,
        observer=observer,
        can_sign=signer.can_sign,
        builtin=[external_api(settings, observer)],
    )
    stack.callback(routes.close)
    watcher: Watcher | None = None
    if settings.routes_file is not None:
        watcher = Watcher(
            routes, settings.routes_file, can_sign=signer.can_sign, reserved=reserved, observer=observer
        )
        await watch(stack, watcher, routes)
    return Proxied(ProxyApp(signer=signer, last_good=last_good, observer=observer), routes, signer, watcher)


def _last_good(stack: AsyncExitStack, settings: GatewaySettings) -> LastGood | None:
    uri = redis_url(settings.cache_uri.get_secret_value())
    if "memory" in uri.partition(":")[0]:
        # Only development may say so; nothing is kept then.
        return None
    redis = connect(uri)
    stack.push_async_callback(redis.aclose)
    last_good = LastGood(
        redis,
        prefix=settings.rate_limit_key_prefix,
        ttl_seconds=settings.circuit_breaker_cache_ttl_seconds,
        now=time.time,
    )
    stack.push_async_callback(last_good.settle)
    return last_good


def external_api(settings: GatewaySettings, observer: Observer) -> Route:
    """The sample route; without EXTERNAL_API_URL it is what it is when that is down."""
    upstream: Upstream | None = None
    target: bytes | None = None
    if settings.external_api_url is not None:
        parts = urlsplit(settings.external_api_url)
        upstream = Upstream(
            "external-api",
            UpstreamRules(),
            now=time.monotonic,
            tls=tls_context(UpstreamPart(dns="https://external")),
            observer=observer,
        )
        upstream.update((address_of(f"{parts.scheme}://{parts.netloc}"),))
        target = ((parts.path or "/") + (f"?{parts.query}" if parts.query else "")).encode("ascii")
    policy = RoutePolicy(
        name="external-api",
        methods=frozenset({"GET"}),
        access=Access.PUBLIC,
        limits=(Limit.parse(settings.rate_limit_default),),
    )
    return Route(
        policy=policy,
        prefix=EXTERNAL_API,
        exact=True,
        upstream=upstream,
        timeout=2.0,
        envelope=True,
        fixed_target=target,
    )

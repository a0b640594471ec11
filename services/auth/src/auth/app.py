"""Auth, put together: what is opened here is closed in reverse when the service ends."""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Final

import grpc
from opentelemetry.metrics import get_meter

from auth import administration, background
from auth.administration import Administration
from auth.demo import ensure_demo_admin
from auth.domain.passwords.pool import HashingPool
from auth.outcomes import Outcomes
from auth.parts import Parts
from auth.servicer import AuthServicer
from auth.servicer_keys import KeyServicer
from auth.servicer_revocations import RevocationServicer
from auth.settings import AuthSettings
from auth.storage.database import Database
from auth.storage.listener import listen
from auth.storage.revocations import CHANNEL as REVOCATIONS
from auth.storage.signing_keys import CHANNEL as SIGNING_KEYS
from auth.telemetry import watch_state
from auth.throttling import throttle
from auth.upkeep import keep_checked
from chassis.clock import Clock, SystemClock
from chassis.grpc.server import serve
from chassis.lifecycle import Readiness, spawn
from chassis.observability import metrics, tracing
from chassis.observability.context import Sampler
from chassis.observability.scrape import serve_metrics
from chassis.observability.state import watch_certificate, watch_readiness
from chassis.security.tls import tls_files
from reliability.auth.v1 import auth_pb2_grpc as rpc

log = logging.getLogger(__name__)

_PACKAGE: Final = "reliability.auth.v1"
SERVICES: Final = tuple(
    f"{_PACKAGE}.{name}"
    for name in ("AuthService", "RevocationService", "KeyService", *administration.SERVICES)
)
PUBLIC: Final = frozenset(
    f"/{_PACKAGE}.{method}"
    for method in (
        "AuthService/Login",
        "AuthService/Refresh",
        # Proves its caller itself: it may be asked for again with a token it revoked.
        "AuthService/Logout",
        "RevocationService/WatchRevocations",
        "KeyService/GetKeySet",
        *administration.PUBLIC,
    )
)
UNBOUNDED: Final = frozenset({f"/{_PACKAGE}.RevocationService/WatchRevocations"})


async def build(
    stack: AsyncExitStack, readiness: Readiness, settings: AuthSettings, *, clock: Clock | None = None
) -> int:
    """Opens everything and serves; answers with the bound port."""
    clock = clock or SystemClock()
    resource = tracing.resource("auth", settings.environment)
    endpoint = settings.otel_exporter_otlp_endpoint
    tracing.setup(stack, endpoint=endpoint, resource=resource)
    metrics.setup(stack, endpoint=endpoint, resource=resource, prometheus=settings.metrics_bind is not None)
    serve_metrics(stack, settings.metrics_bind)
    watch_readiness(readiness)
    watch_certificate(settings.tls_cert_file)
    database = Database(
        settings.database, pool_size=settings.database_pool_size, seconds=settings.database_timeout_seconds
    )
    stack.push_async_callback(database.close)
    pool = HashingPool(threads=settings.hashing_threads, queue=settings.hashing_queue)
    stack.push_async_callback(pool.close)
    parts = Parts.of(
        settings,
        database=database,
        pool=pool,
        throttle=await throttle(stack, settings, clock),
        clock=clock,
    )
    port = await serve(
        stack,
        bind=settings.grpc_bind,
        register=lambda server: _register(server, parts, settings, clock),
        services=SERVICES,
        readiness=readiness,
        verify=parts.verifier.live,
        public=PUBLIC,
        unbounded=UNBOUNDED,
        tls=tls_files(settings.tls_cert_file, settings.tls_key_file, settings.tls_ca_file),
        sampler=Sampler(settings.otel_traces_sampler_arg if endpoint else 0.0),
        health_bind=settings.health_bind,
    )
    log.info("grpc.listening", extra={"port": port})
    watch_state(parts, pool, settings)
    # Before the server stops: streams end at once instead of using up its grace.
    stack.callback(parts.feed.close)
    _keep(stack, readiness, settings, parts, clock)
    return port


def _register(server: grpc.aio.Server, parts: Parts, settings: AuthSettings, clock: Clock) -> None:
    admin = Administration.of(settings, parts, clock)
    auth = AuthServicer(
        sign_in=parts.sign_in,
        sessions=parts.sessions,
        verifier=parts.verifier,
        outcomes=Outcomes(parts.feed, get_meter("auth")),
        own_password=admin.own_password,
        bootstrap=admin.bootstrap,
        api_keys=admin.api_keys,
    )
    rpc.add_AuthServiceServicer_to_server(auth, server)
    rpc.add_RevocationServiceServicer_to_server(RevocationServicer(parts.feed), server)
    keys = KeyServicer(
        keyring=parts.keyring, rotation=parts.rotation, max_age=settings.key_set_max_age_seconds
    )
    rpc.add_KeyServiceServicer_to_server(keys, server)
    admin.register(server, parts, settings)


def _keep(
    stack: AsyncExitStack, readiness: Readiness, settings: AuthSettings, parts: Parts, clock: Clock
) -> None:
    wake = {REVOCATIONS: asyncio.Event(), SIGNING_KEYS: asyncio.Event()}
    # Unready until the first reading, and never again for the database's sake:
    # without it every replica is equally lost, and each still says so at once.
    readiness.need("signing_keys", met=False)
    readiness.need("revocations", met=False)
    keys = background.keep_keys(
        parts.rotation,
        parts.keyring,
        wake[SIGNING_KEYS],
        every=min(background.KEYS_SECONDS, settings.signing_key_lifetime_seconds / 8),
        loaded=lambda: readiness.need("signing_keys", met=True),
    )
    revocations = background.keep_revocations(
        parts.feed,
        parts.database,
        wake[REVOCATIONS],
        clock,
        loaded=lambda: readiness.need("revocations", met=True),
    )
    spawn(stack, listen(settings.database, wake), "notifications")
    spawn(stack, keys, "signing-keys")
    spawn(stack, revocations, "revocations")
    spawn(stack, background.keep_small(parts.database, clock), "pruning")
    spawn(stack, keep_checked(parts.database), "self-checks")
    if settings.demo_username is not None and settings.demo_password is not None:
        # Whoever is told that auth is ready may sign in as this admin at once.
        readiness.need("demo_admin", met=False)
        demo = ensure_demo_admin(
            parts.database,
            parts.passwords,
            username=settings.demo_username,
            password=settings.demo_password.get_secret_value(),
            clock=clock,
            ensured=lambda: readiness.need("demo_admin", met=True),
        )
        spawn(stack, demo, "demo-admin")

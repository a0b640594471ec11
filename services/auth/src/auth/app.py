"""Auth, put together: what is opened here is closed in reverse when the service ends."""

import asyncio
import secrets
import uuid
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Final

import grpc

from auth import background
from auth.callers import Verifier
from auth.demo import ensure_demo_admin
from auth.domain.access_tokens import AccessTokens, Profile
from auth.domain.passwords.hasher import PasswordHasher
from auth.domain.passwords.peppers import Peppers
from auth.domain.passwords.pool import HashingPool
from auth.domain.refresh_tokens import RefreshTokens
from auth.domain.revocations import MARGIN
from auth.domain.sessions import Lifetimes, Sessions
from auth.domain.sign_in import SignIn
from auth.domain.signing_keys import RotationPolicy
from auth.feed import RevocationFeed
from auth.servicer import AuthServicer
from auth.servicer_keys import KeyServicer
from auth.servicer_revocations import RevocationServicer
from auth.settings import AuthSettings
from auth.signing.keyring import Keyring
from auth.signing.rotation import Rotation
from auth.signing.sealing import Seal
from auth.storage.database import Database
from auth.storage.listener import listen
from auth.storage.revocations import CHANNEL as REVOCATIONS
from auth.storage.rotations import Rotations
from auth.storage.signing_keys import CHANNEL as SIGNING_KEYS
from auth.storage.users import Users
from auth.throttling import throttle
from chassis.clock import Clock, SystemClock
from chassis.grpc.server import serve
from chassis.lifecycle import Readiness, spawn
from chassis.observability import metrics, tracing
from chassis.observability.context import Sampler
from chassis.security.tls import tls_files
from reliability.auth.v1 import auth_pb2_grpc as rpc

_SYMMETRIC: Final = "HS256"
_PACKAGE: Final = "reliability.auth.v1"
SERVICES: Final = tuple(f"{_PACKAGE}.{name}" for name in ("AuthService", "RevocationService", "KeyService"))
PUBLIC: Final = frozenset(
    f"/{_PACKAGE}.{method}"
    for method in (
        "AuthService/Login",
        "AuthService/Refresh",
        # Proves its caller itself: it may be asked for again with a token it revoked.
        "AuthService/Logout",
        "RevocationService/WatchRevocations",
        "KeyService/GetKeySet",
    )
)
UNBOUNDED: Final = frozenset({f"/{_PACKAGE}.RevocationService/WatchRevocations"})


async def build(
    stack: AsyncExitStack, readiness: Readiness, settings: AuthSettings, *, clock: Clock | None = None
) -> int:
    """Opens everything and serves; answers with the bound port."""
    clock = clock or SystemClock()
    resource = tracing.resource("auth", settings.environment)
    tracing.setup(stack, endpoint=settings.otel_exporter_otlp_endpoint, resource=resource)
    metrics.setup(stack, endpoint=settings.otel_exporter_otlp_endpoint, resource=resource, prometheus=False)
    database = Database(
        settings.database, pool_size=settings.database_pool_size, seconds=settings.database_timeout_seconds
    )
    stack.push_async_callback(database.close)

    keyring, rotation = _keys(settings, database, clock)
    feed = RevocationFeed(clock)
    verifier = Verifier(
        keyring=keyring,
        feed=feed,
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        clock=clock,
    )
    access_tokens = AccessTokens(
        Profile(
            issuer=settings.token_issuer,
            audience=settings.token_audience,
            client_id=settings.token_client_id,
            lifetime=settings.access_token_lifetime,
        ),
        keyring,
        uuid.uuid4,
    )
    refresh_tokens = RefreshTokens(settings.secrets, secrets.token_bytes)
    lifetimes = Lifetimes(
        idle=timedelta(days=settings.refresh_token_expire_days),
        absolute=timedelta(days=settings.session_expire_days),
        grace=timedelta(seconds=settings.refresh_token_grace_seconds),
    )
    sessions = Sessions(
        begin=database.begin,
        rotations=Rotations(database),
        refresh_tokens=refresh_tokens,
        access_tokens=access_tokens,
        lifetimes=lifetimes,
        clock=clock,
    )
    pool = HashingPool(threads=settings.hashing_threads, queue=settings.hashing_queue)
    stack.push_async_callback(pool.close)
    passwords = PasswordHasher(
        peppers=Peppers.derive(settings.secrets), rounds=settings.bcrypt_rounds, pool=pool
    )
    sign_in = SignIn(
        begin=database.begin,
        candidates=Users(database),
        passwords=passwords,
        throttle=await throttle(stack, settings, clock),
        refresh_tokens=refresh_tokens,
        access_tokens=access_tokens,
        lifetimes=lifetimes,
        clock=clock,
        new_id=uuid.uuid4,
    )

    def register(server: grpc.aio.Server) -> None:
        rpc.add_AuthServiceServicer_to_server(
            AuthServicer(sign_in=sign_in, sessions=sessions, verifier=verifier),  # type: ignore[abstract]
            server,
        )
        rpc.add_RevocationServiceServicer_to_server(RevocationServicer(feed), server)
        rpc.add_KeyServiceServicer_to_server(
            KeyServicer(keyring=keyring, rotation=rotation, max_age=settings.key_set_max_age_seconds), server
        )

    port = await serve(
        stack,
        bind=settings.grpc_bind,
        register=register,
        services=SERVICES,
        readiness=readiness,
        verify=verifier.live,
        public=PUBLIC,
        unbounded=UNBOUNDED,
        tls=tls_files(settings.tls_cert_file, settings.tls_key_file, settings.tls_ca_file),
        sampler=Sampler(settings.otel_traces_sampler_arg if settings.otel_exporter_otlp_endpoint else 0.0),
    )
    stack.callback(feed.close)
    _keep(stack, readiness, settings, database, keyring, rotation, feed, clock)
    if settings.demo_username is not None and settings.demo_password is not None:
        spawn(
            stack,
            ensure_demo_admin(
                database,
                passwords,
                username=settings.demo_username,
                password=settings.demo_password.get_secret_value(),
                clock=clock,
            ),
            "demo-admin",
        )
    return port


def _keys(settings: AuthSettings, database: Database, clock: Clock) -> tuple[Keyring, Rotation]:
    seal = Seal(settings.secrets)
    algorithm = None if settings.token_algorithm == _SYMMETRIC else settings.token_algorithm
    keyring = Keyring(seal, hs256_secret=settings.secrets.current if algorithm is None else None)
    policy = RotationPolicy(
        algorithm=settings.token_algorithm,
        lifetime=timedelta(seconds=settings.signing_key_lifetime_seconds),
        publish_ahead=timedelta(seconds=settings.key_set_max_age_seconds),
        # A replica that has not heard of a rotation yet goes on signing for a moment.
        keep=settings.access_token_lifetime + MARGIN + MARGIN,
    )
    rotation = Rotation(
        begin=database.begin,
        keyring=keyring,
        seal=seal,
        policy=policy,
        algorithm=algorithm,
        clock=clock,
    )
    return keyring, rotation


def _keep(
    stack: AsyncExitStack,
    readiness: Readiness,
    settings: AuthSettings,
    database: Database,
    keyring: Keyring,
    rotation: Rotation,
    feed: RevocationFeed,
    clock: Clock,
) -> None:
    wake = {REVOCATIONS: asyncio.Event(), SIGNING_KEYS: asyncio.Event()}
    # Unready until the first reading, and never again for the database's sake:
    # without it every replica is equally lost, and each still says so at once.
    readiness.need("signing_keys", met=False)
    readiness.need("revocations", met=False)
    spawn(stack, listen(settings.database, wake), "notifications")
    spawn(
        stack,
        background.keep_keys(
            rotation,
            keyring,
            wake[SIGNING_KEYS],
            every=min(background.KEYS_SECONDS, settings.signing_key_lifetime_seconds / 8),
            loaded=lambda: readiness.need("signing_keys", met=True),
        ),
        "signing-keys",
    )
    spawn(
        stack,
        background.keep_revocations(
            feed,
            database,
            wake[REVOCATIONS],
            clock,
            loaded=lambda: readiness.need("revocations", met=True),
        ),
        "revocations",
    )
    spawn(stack, background.keep_small(database, clock), "pruning")

"""Puts the gateway together on one stack, which takes it apart again in reverse."""

import socket
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

from chassis.clock import SystemClock
from chassis.grpc.client import open_channel
from chassis.lifecycle import Readiness, spawn
from chassis.observability.setup import observe
from chassis.observability.state import watch_certificate, watch_readiness
from chassis.secret_key import accepted
from chassis.security.keyring import VerifierKeys
from chassis.security.revocations import Revocation, RevocationList, follow
from chassis.security.tls import tls_files
from gateway import authz
from gateway.authz import Decider, ForwardAuth, serve_ext_authz
from gateway.chain import Chain
from gateway.clients import Clients
from gateway.ends import Ends
from gateway.engine import DecisionEngine
from gateway.limits.counts import LimitStore
from gateway.limits.leases import LeasedStore
from gateway.limits.limiter import Limiter
from gateway.limits.local_ring import local_ring
from gateway.limits.memory import MemoryStore
from gateway.limits.redis import RedisStore
from gateway.limits.redis_address import RedisAddress
from gateway.probes import Probes
from gateway.proxy import open_proxy
from gateway.routes.app import own_routes
from gateway.routes.context import Context
from gateway.routes.direct import DIRECT
from gateway.routes.policies import authz_policy, own_policies
from gateway.routes.refreshing import Refreshing
from gateway.routing import Router
from gateway.serving.granian import serve_granian
from gateway.serving.http import listen, serve_uvicorn
from gateway.serving.protocol import bounded_protocol
from gateway.settings import GatewaySettings
from gateway.telemetry import LimitMetrics, RequestMetrics, TokenMetrics
from gateway.tokens import TokenGate
from gateway.upstreams import auth, triage
from gateway.upstreams.auth import AuthUpstream
from gateway.upstreams.oversight import OversightUpstream
from gateway.upstreams.triage import TriageUpstream
from gateway.upstreams.users import UsersUpstream
from gateway.upstreams.verification import VerificationUpstream


async def build(stack: AsyncExitStack, readiness: Readiness, settings: GatewaySettings) -> tuple[int, int]:
    """Starts the gateway and answers with its public and its internal port.

    Raises:
        OSError: a port is taken.
    """
    # Both first: a taken port is told before anything else is begun.
    internal = listen(settings.gateway_internal_host, settings.gateway_internal_port)
    stack.callback(internal.close)
    public = listen(settings.gateway_host, settings.gateway_port)
    stack.callback(public.close)
    sampler = observe(stack, settings, "gateway", prometheus=True)
    watch_readiness(readiness)
    watch_certificate(settings.tls_cert_file)
    # Probes answer until the very end, so they are closed last.
    await serve_uvicorn(stack, Probes(readiness), internal)

    clock = SystemClock()
    tls = tls_files(settings.tls_cert_file, settings.tls_key_file, settings.tls_ca_file)
    auth_channel = open_channel(stack, settings.auth_grpc_target, tls=tls, idempotent=auth.IDEMPOTENT)
    triage_channel = open_channel(stack, settings.triage_grpc_target, tls=tls, idempotent=triage.IDEMPOTENT)
    verification = VerificationUpstream(
        auth_channel,
        seconds=settings.auth_timeout_seconds,
        hs256_secrets=accepted(settings.secret_key, settings.secret_key_previous)
        if settings.symmetric
        else (),
    )
    keys = VerifierKeys(verification.keys, clock)
    revocations = RevocationList(clock)
    spawn(stack, keys.keep(), "keys")
    told = TokenMetrics(revocations.staleness, lambda: len(revocations))
    spawn(stack, _follow(readiness, keys, revocations, verification, told), "revocations")

    gate = TokenGate(
        keys,
        revocations,
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        remembered=settings.token_cache_size,
        clock=clock,
    )
    limits = LimitMetrics()
    limiter = await _limiter(stack, settings, clock, limits)
    engine = DecisionEngine(
        gate,
        limiter,
        told,
        tenant_header=settings.rate_limit_tenant_header.encode()
        if settings.rate_limit_tenant_header
        else None,
    )
    policies = own_policies(settings)
    proxied = await open_proxy(stack, settings, reserved=policies.keys())
    seconds, hashing = settings.auth_timeout_seconds, settings.login_timeout_seconds
    context = Context(
        settings=settings,
        auth=AuthUpstream(auth_channel, seconds=seconds, login_seconds=hashing),
        users=UsersUpstream(auth_channel, seconds=seconds, hashing_seconds=hashing),
        oversight=OversightUpstream(auth_channel, seconds=seconds),
        triage=TriageUpstream(triage_channel, seconds=settings.triage_timeout_seconds),
        verification=verification,
        limiter=limiter,
        ring=local_ring(enabled=settings.rate_limit_enabled),
        limits=limits,
        readiness=readiness,
        revocations=revocations,
    )
    own = Refreshing(context, own_routes(context))
    decider = Decider(proxied.routes, engine, proxied.signer, authz_policy(settings))
    forward_auth = ForwardAuth(decider, Clients(settings.proxies, settings.trusted_proxy_header))
    if settings.gateway_ext_authz_bind is not None:
        await serve_ext_authz(
            stack, decider, bind=settings.gateway_ext_authz_bind, readiness=readiness, tls=tls
        )
    app = Chain(
        settings,
        sampler=sampler,
        metrics=RequestMetrics(),
        draining=_Draining(readiness),
        router=Router(policies, proxied.routes, aside=frozenset({authz.PATH})),
        engine=engine,
        ends=Ends(own, proxied.app, forward_auth, DIRECT),
    )
    ports = public.getsockname()[1], internal.getsockname()[1]
    await _serve(stack, app, public, settings)
    return ports


async def _serve(
    stack: AsyncExitStack, app: Chain, listener: socket.socket, settings: GatewaySettings
) -> None:
    seconds, most = settings.header_timeout_seconds, 2 * settings.max_header_bytes
    if settings.gateway_server == "granian":
        await serve_granian(
            stack,
            app,
            listener,
            header_seconds=seconds,
            header_bytes=most,
            drain=settings.drain_seconds,
        )
        return
    await serve_uvicorn(
        stack,
        app,
        listener,
        protocol=bounded_protocol(seconds, most, app),
        keep_alive=settings.keep_alive_seconds,
        drain=settings.drain_seconds,
    )


class _Draining:
    """True once this process no longer wants traffic: then connections are let go of one by one."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness
        self._served = self._stopping = False
        readiness.on_change(self._changed)

    def _changed(self, ready: bool) -> None:  # noqa: FBT001  # the watcher's signature
        del ready
        serving = self._readiness.needs()["serving"]
        self._stopping = self._served and not serving
        self._served = self._served or serving

    def __call__(self) -> bool:
        return self._stopping


async def _follow(
    readiness: Readiness,
    keys: VerifierKeys,
    revocations: RevocationList,
    verification: VerificationUpstream,
    told: TokenMetrics,
) -> None:
    """Without keys and a whole list of revocations no token can be judged: only then is traffic wanted."""

    def changed(news: Sequence[Revocation]) -> None:
        told.learned(news)
        if revocations.complete.is_set():
            readiness.need("revocations", met=True)

    readiness.need("revocations", met=False)
    readiness.need("keys", met=False)
    await keys.loaded.wait()
    readiness.need("keys", met=True)
    await follow(revocations, verification.revocations, changed=changed)


async def _limiter(
    stack: AsyncExitStack, settings: GatewaySettings, clock: SystemClock, metrics: LimitMetrics
) -> Limiter | None:
    if not settings.rate_limit_enabled:
        return None
    local = MemoryStore(clock)
    uri = settings.rate_limit_storage_uri.get_secret_value()
    store: LimitStore = local
    replicas: Callable[[], int] = partial(int, settings.rate_limit_replicas or 1)
    if "memory" not in uri.partition(":")[0]:
        shared = RedisStore(
            RedisAddress.parse(uri),
            timeout=settings.rate_limit_store_timeout_ms / 1000,
            prefix=settings.rate_limit_key_prefix,
        )
        spawn(stack, shared.keep(), "limits-store")
        # The first request is counted where all are counted, if that is there at all.
        await shared.tried.wait()
        store = LeasedStore(shared)
        if settings.rate_limit_replicas is None:
            replicas = shared.replicas
    return Limiter(
        store,
        local,
        prefix=settings.rate_limit_key_prefix,
        replicas=replicas,
        always_local=settings.rate_limit_in_memory_fallback_enabled,
        legacy_headers=settings.rate_limit_headers_enabled,
        metrics=metrics,
    )

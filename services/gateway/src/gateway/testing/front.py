"""A gateway as in production, on a real socket, but for the services behind it: keys are its own."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from chassis.clock import SystemClock
from chassis.lifecycle import Readiness
from chassis.observability.context import Sampler
from chassis.security.keyring import FetchedKeys, VerifierKeys
from chassis.security.keyset import KeySet
from chassis.security.revocations import RevocationList
from gateway.asgi import Receive, Scope, Send, refuse
from gateway.authz import PATH as AUTHZ
from gateway.authz import Decider, ForwardAuth, serve_ext_authz
from gateway.chain import Chain
from gateway.clients import Clients
from gateway.ends import Ends
from gateway.engine import DecisionEngine
from gateway.limits.limiter import Limiter
from gateway.limits.memory import MemoryStore
from gateway.problems import Problem
from gateway.proxy import Proxied, open_proxy
from gateway.routes.policies import authz_policy
from gateway.routing import Router
from gateway.serving.granian import serve_granian
from gateway.serving.http import listen, serve_uvicorn
from gateway.serving.protocol import bounded_protocol
from gateway.settings import GatewaySettings
from gateway.telemetry import LimitMetrics, RequestMetrics, TokenMetrics
from gateway.testing.signer import AUDIENCE, ISSUER, Signer
from gateway.tokens import TokenGate

SECRET = "a-key-that-only-the-tests-and-their-upstream-have"  # noqa: S105  # made up


@dataclass
class Front:
    port: int
    ext_authz_port: int
    proxied: Proxied
    signer: Signer
    revocations: RevocationList
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def token(self, *, role: str = "user", sub: str = "u-1") -> str:
        return self.signer.token(role, sub=sub, jti=f"j-{sub}-{role}", username="ada")

    def bearer(self, **claims: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(**claims)}"}

    async def raw(self, data: bytes) -> bytes:
        """Everything the gateway sends until it closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            async with asyncio.timeout(10):
                return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    del receive
    await refuse(scope, send, Problem(status=404, reason="NOT_FOUND", detail="There is nothing here."))


@contextlib.asynccontextmanager
async def fronting(routes_file: Path | None, **given: object) -> AsyncIterator[Front]:
    signer = Signer()
    settings = GatewaySettings.model_validate(
        {
            "environment": "test",
            "rate_limit_storage_uri": "memory://",
            "identity_secret": SECRET,
            "routes_file": routes_file,
            "max_body_bytes": 64 * 1024 * 1024,
            **given,
        }
    )
    clock = SystemClock()

    async def fetch() -> FetchedKeys:
        return FetchedKeys(KeySet.from_jwks(signer.jwks()), 60)

    revocations = RevocationList(clock)
    gate = TokenGate(
        VerifierKeys(fetch, clock),
        revocations,
        issuer=ISSUER,
        audience=AUDIENCE,
        remembered=100,
        clock=clock,
    )
    limiter = Limiter(
        MemoryStore(clock),
        MemoryStore(clock),
        prefix="test",
        replicas=lambda: 1,
        always_local=False,
        legacy_headers=False,
        metrics=LimitMetrics(),
    )
    async with AsyncExitStack() as stack:
        proxied = await open_proxy(stack, settings)
        engine = DecisionEngine(gate, limiter, TokenMetrics(revocations.staleness, lambda: 0))
        decider = Decider(proxied.routes, engine, proxied.signer, authz_policy(settings))
        readiness = Readiness()
        readiness.serving(yes=True)
        ext_authz = await serve_ext_authz(stack, decider, bind="127.0.0.1:0", readiness=readiness, tls=None)
        forward_auth = ForwardAuth(decider, Clients(settings.proxies, settings.trusted_proxy_header))
        app = Chain(
            settings,
            sampler=Sampler(0.0),
            metrics=RequestMetrics(),
            draining=lambda: False,
            router=Router({}, proxied.routes, aside=frozenset({AUTHZ})),
            engine=engine,
            ends=Ends(_nowhere, proxied.app, forward_auth),
        )
        listener = listen("127.0.0.1", 0)
        port = listener.getsockname()[1]
        # As the suites of the gateway are run on either server.
        if os.environ.get("TEST_GATEWAY_SERVER") == "granian":
            await serve_granian(stack, app, listener, header_seconds=10, header_bytes=65536, drain=1)
        else:
            protocol = bounded_protocol(10, 65536, app)
            await serve_uvicorn(stack, app, listener, protocol=protocol, drain=1)
        timeout = aiohttp.ClientTimeout(total=20)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=timeout, auto_decompress=False)
        )
        yield Front(port, ext_authz, proxied, signer, revocations, session)

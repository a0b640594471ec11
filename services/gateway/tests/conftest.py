"""A gateway of the real parts, in front of an auth that keeps the contract and nothing else."""

import asyncio
import base64
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import Conflict, NotFound, Unauthenticated
from chassis.lifecycle import Readiness
from chassis.security.keyset import KeySet
from chassis.security.tokens import Principal, current_principal, verify
from chassis.testing.grpc import serving
from gateway.app import build
from gateway.settings import GatewaySettings
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

ISSUER, AUDIENCE = "api-reliability-suite", "api"
PASSWORD = "correct horse battery staple"
PUBLIC = frozenset(
    f"/reliability.auth.v1.{name}"
    for name in (
        "AuthService/Login",
        "AuthService/Refresh",
        "AuthService/ExchangeApiKey",
        "AuthService/RedeemPasswordReset",
        "AuthService/Bootstrap",
        "RevocationService/WatchRevocations",
        "KeyService/GetKeySet",
        "ClientService/Introspect",
        "ClientService/RevokeToken",
    )
)


class Signer:
    """One EdDSA key, and tokens as right or as wrong as a test wants them."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.kid = "k1"
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def jwks(self) -> bytes:
        key = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": self.x}
        return json.dumps({"keys": [key]}).encode()

    def claims(self, role: str = "user", **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": f"u-{role}",
            "jti": f"j-{time.monotonic_ns()}",
            "sid": f"s-{time.monotonic_ns()}",
            "role": role,
            "client_id": "gateway",
            "preferred_username": role,
            "iat": now,
            "nbf": now,
            "exp": now + 900,
        }
        return {name: value for name, value in (claims | changed).items() if value is not ...}

    def token(self, role: str = "user", *, header: dict[str, Any] | None = None, **changed: Any) -> str:
        headers = {"typ": "at+jwt", "kid": self.kid} | (header or {})
        payload = json.dumps(self.claims(role, **changed)).encode()
        # Signed as bytes: PyJWT itself would refuse to write most of what is wrong.
        return jwt.api_jws.encode(payload, self.private, algorithm="EdDSA", headers=headers)


@dataclass
class StandIn:
    """Keeps the promises of the contract that the gateway relies on, in memory."""

    signer: Signer = field(default_factory=Signer)
    calls: Counter[str] = field(default_factory=Counter)
    revoked: list[pb.Revocation] = field(default_factory=list)
    refreshes: set[str] = field(default_factory=set)
    clients: list[pb.ClientContext] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    # Answers of Login wait for this.
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    # Logging out revokes nothing: whoever tries everything keeps their token.
    keep_sessions: bool = False
    address: str = ""
    # Auth is gone from then on.
    stop: Callable[[], Awaitable[None]] | Any = None

    async def verify(self, token: str) -> Principal:
        keys = KeySet.from_jwks(self.signer.jwks())
        return verify(token, keys=keys, issuer=ISSUER, audience=AUDIENCE, now=time.time())

    async def revoke(self, kind: "pb.RevocationKind.ValueType", subject: str, not_before: float = 0) -> None:
        expires = Timestamp(seconds=int(time.time()) + 3600)
        entry = pb.Revocation(
            version=len(self.revoked) + 1,
            kind=kind,
            subject=subject,
            not_before=not_before,
            expires_at=expires,
        )
        async with self.changed:
            self.revoked.append(entry)
            self.changed.notify_all()

    def pair(self, role: str) -> pb.TokenPair:
        refresh = f"rt_{time.monotonic_ns()}"
        self.refreshes.add(refresh)
        return pb.TokenPair(
            access_token=self.signer.token(role),
            refresh_token=refresh,
            expires_in=900,
            refresh_expires_in=86_400,
            session_id="s-1",
            role=pb.ROLE_ADMIN if role == "admin" else pb.ROLE_USER,
        )

    def register(self, server: grpc.aio.Server) -> None:
        rpc.add_AuthServiceServicer_to_server(_Auth(self), server)
        rpc.add_KeyServiceServicer_to_server(_Keys(self), server)
        rpc.add_RevocationServiceServicer_to_server(_Revocations(self), server)


class _Auth(rpc.AuthServiceServicer):
    def __init__(self, auth: StandIn) -> None:
        self._auth = auth

    async def Login(self, request: pb.LoginRequest, context: Any) -> pb.LoginResponse:
        self._auth.calls["login"] += 1
        self._auth.clients.append(request.client)
        await self._auth.gate.wait()
        if request.password != PASSWORD or request.username not in {"alice", "admin"}:
            raise Unauthenticated("The user name or the password is wrong.", reason="INVALID_CREDENTIALS")
        role = "admin" if request.username == "admin" else "user"
        return pb.LoginResponse(tokens=self._auth.pair(role), device_token="device-proof")

    async def Refresh(self, request: pb.RefreshRequest, context: Any) -> pb.RefreshResponse:
        self._auth.calls["refresh"] += 1
        if request.refresh_token not in self._auth.refreshes:
            raise Unauthenticated("Sign in again.", reason="INVALID_REFRESH_TOKEN")
        self._auth.refreshes.remove(request.refresh_token)
        return pb.RefreshResponse(tokens=self._auth.pair("user"))

    async def Logout(self, request: pb.LogoutRequest, context: Any) -> pb.LogoutResponse:
        self._auth.calls["logout"] += 1
        if not self._auth.keep_sessions:
            await self._auth.revoke(pb.REVOCATION_KIND_SESSION, current_principal().sid)
        return pb.LogoutResponse()

    async def ListSessions(self, request: pb.ListSessionsRequest, context: Any) -> pb.ListSessionsResponse:
        self._auth.calls["sessions"] += 1
        now = Timestamp(seconds=int(time.time()))
        session = pb.Session(
            id="s-1", user_agent="test", address="127.0.0.1", created_at=now, last_seen_at=now, expires_at=now
        )
        return pb.ListSessionsResponse(sessions=[session])

    async def EndSession(self, request: pb.EndSessionRequest, context: Any) -> pb.EndSessionResponse:
        if request.session_id != "s-1":
            raise NotFound("There is no such session.", reason="SESSION_NOT_FOUND")
        return pb.EndSessionResponse()

    async def EndAllSessions(self, request: Any, context: Any) -> pb.EndAllSessionsResponse:
        return pb.EndAllSessionsResponse(ended=1)

    async def ChangePassword(self, request: Any, context: Any) -> pb.ChangePasswordResponse:
        raise Unauthenticated("The password is wrong.", reason="INVALID_CREDENTIALS")

    async def RedeemPasswordReset(self, request: Any, context: Any) -> pb.RedeemPasswordResetResponse:
        raise Unauthenticated("The token is not valid.", reason="INVALID_RESET_TOKEN")

    async def Bootstrap(self, request: Any, context: Any) -> pb.BootstrapResponse:
        raise Conflict("There is an admin already.", reason="ALREADY_BOOTSTRAPPED")

    async def ExchangeApiKey(self, request: Any, context: Any) -> pb.ExchangeApiKeyResponse:
        raise Unauthenticated("The client is not known.", reason="INVALID_CLIENT")


class _Keys(rpc.KeyServiceServicer):
    def __init__(self, auth: StandIn) -> None:
        self._auth = auth

    async def GetKeySet(self, request: pb.GetKeySetRequest, context: Any) -> pb.GetKeySetResponse:
        self._auth.calls["keys"] += 1
        return pb.GetKeySetResponse(jwks_json=self._auth.signer.jwks(), max_age=60)

    async def ListSigningKeys(self, request: Any, context: Any) -> pb.ListSigningKeysResponse:
        return pb.ListSigningKeysResponse()

    async def RotateSigningKeys(self, request: Any, context: Any) -> pb.RotateSigningKeysResponse:
        return pb.RotateSigningKeysResponse()


class _Revocations(rpc.RevocationServiceServicer):
    def __init__(self, auth: StandIn) -> None:
        self._auth = auth

    async def WatchRevocations(
        self, request: pb.WatchRevocationsRequest, context: Any
    ) -> AsyncIterator[pb.WatchRevocationsResponse]:
        sent, snapshot = request.after_version, True
        while True:
            known = len(self._auth.revoked)
            now = Timestamp()
            now.GetCurrentTime()
            yield pb.WatchRevocationsResponse(
                revocations=self._auth.revoked[sent:known],
                version=known,
                snapshot_complete=snapshot,
                as_of=now,
            )
            sent, snapshot = known, False
            async with self._auth.changed:
                if len(self._auth.revoked) == sent:
                    try:
                        await asyncio.wait_for(self._auth.changed.wait(), 0.5)
                    except TimeoutError:
                        continue


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Gateway:
    port: int
    internal_port: int
    readiness: Readiness
    http: aiohttp.ClientSession

    async def ask(self, method: str, path: str, *, token: str | None = None, **kwargs: Any) -> Answer:
        headers = dict(kwargs.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.http.request(method, url, headers=headers, allow_redirects=False, **kwargs) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def probe(self, path: str) -> Answer:
        async with self.http.get(f"http://127.0.0.1:{self.internal_port}{path}") as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def raw(self, data: bytes, *, wait: float = 5.0) -> bytes:
        """Everything the server says until it closes, or until it is quiet for long enough."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        said = b""
        try:
            writer.write(data)
            async with asyncio.timeout(wait):
                while chunk := await reader.read(65536):
                    said += chunk
        except (TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()
        return said


GatewayFactory = Callable[..., Awaitable[Gateway]]


@asynccontextmanager
async def running(auth: StandIn, **environ: str) -> AsyncIterator[Gateway]:
    given = {
        "ENVIRONMENT": "test",
        "GATEWAY_HOST": "127.0.0.1",
        "GATEWAY_PORT": "0",
        "LOG_LEVEL": "info",
        "GATEWAY_INTERNAL_HOST": "127.0.0.1",
        "GATEWAY_INTERNAL_PORT": "0",
        "AUTH_GRPC_TARGET": auth.address,
        "TRIAGE_GRPC_TARGET": "127.0.0.1:1",
        "RATE_LIMIT_STORAGE_URI": "memory://",
        "TOKEN_ISSUER": ISSUER,
        "TOKEN_AUDIENCE": AUDIENCE,
        "GATEWAY_SERVER": os.environ.get("TEST_GATEWAY_SERVER", "uvicorn"),
        **environ,
    }
    settings = GatewaySettings.load(given)
    async with AsyncExitStack() as stack:
        readiness = Readiness()
        port, internal = await build(stack, readiness, settings)
        readiness.serving(yes=True)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Gateway(port, internal, readiness, http)


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


@pytest.fixture
def more_services() -> list[Callable[[grpc.aio.Server], None]]:
    """A test's own, beside those of the stand-in."""
    return []


@pytest.fixture
async def auth(more_services: list[Callable[[grpc.aio.Server], None]]) -> AsyncIterator[StandIn]:
    stand_in = StandIn()
    stand_in.gate.set()

    def register(server: grpc.aio.Server) -> None:
        for add in (stand_in.register, *more_services):
            add(server)

    unbounded = frozenset({"/reliability.auth.v1.RevocationService/WatchRevocations"})
    async with AsyncExitStack() as stack:
        stand_in.address = await stack.enter_async_context(
            serving(register, verify=stand_in.verify, public=PUBLIC, unbounded=unbounded)
        )
        stand_in.stop = stack.aclose
        yield stand_in


@pytest.fixture
async def start(auth: StandIn) -> AsyncIterator[GatewayFactory]:
    """Starts gateways with these settings, ready when they are returned."""
    async with AsyncExitStack() as stack:

        async def started(*, ready: bool = True, **environ: str) -> Gateway:
            gateway = await stack.enter_async_context(running(auth, **environ))
            if ready:
                await until(lambda: gateway.readiness.ready)
            return gateway

        yield started


@pytest.fixture
async def gateway(start: GatewayFactory) -> Gateway:
    return await start()

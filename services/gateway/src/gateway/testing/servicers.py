"""The calls of the stand-in for auth, as they come over gRPC."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import Conflict, NotFound, Unauthenticated
from chassis.grpc.begun import tell_begun
from chassis.security.tokens import current_principal
from chassis.testing.grpc import serving
from gateway.testing.stand_in import PASSWORD, StandIn
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

Register = Callable[[grpc.aio.Server], None]

_PUBLIC = frozenset(
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
_UNBOUNDED = frozenset({"/reliability.auth.v1.RevocationService/WatchRevocations"})


@asynccontextmanager
async def answering(auth: StandIn, *, beside: Sequence[Register] = ()) -> AsyncIterator[StandIn]:
    """The stand-in, and services of a test's own beside it, at `auth.address` until the block ends."""

    def register(server: grpc.aio.Server) -> None:
        rpc.add_AuthServiceServicer_to_server(_Auth(auth), server)
        rpc.add_KeyServiceServicer_to_server(_Keys(auth), server)
        rpc.add_RevocationServiceServicer_to_server(_Revocations(auth), server)
        for add in beside:
            add(server)

    async with AsyncExitStack() as stack:
        served = serving(register, verify=auth.verify, public=_PUBLIC, unbounded=_UNBOUNDED)
        auth.address = await stack.enter_async_context(served)
        auth.stop = stack.aclose
        yield auth


class _Auth(rpc.AuthServiceServicer):
    def __init__(self, auth: StandIn) -> None:
        self._auth = auth

    async def Login(self, request: pb.LoginRequest, context: Any) -> pb.LoginResponse:
        self._auth.calls["login"] += 1
        self._auth.clients.append(request.client)
        if self._auth.announces:
            await self._auth.voice.wait()
            await tell_begun(context)
        await self._auth.gate.wait()
        if request.password != PASSWORD or request.username not in {"alice", "admin"}:
            raise Unauthenticated("The user name or the password is wrong.", reason="INVALID_CREDENTIALS")
        role = "admin" if request.username == "admin" else "user"
        return pb.LoginResponse(tokens=self._auth.pair(role), device_token="device-proof")  # noqa: S106  # made up

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

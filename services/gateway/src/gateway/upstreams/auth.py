"""Sign-in and sessions, asked of auth in the caller's own name."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.errors import ServiceError, Unavailable
from chassis.grpc.client import call
from gateway.shapes.admin import Bootstrap, UserShown
from gateway.shapes.sign_in import SessionShown, TokenPair
from gateway.upstreams.timestamps import moment, moment_or_none
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

PEER = "auth"
SERVICE = "reliability.auth.v1"
# What may be asked twice; signing in never is. Within its grace a refresh gets the same answer again,
# and an auth without grace refuses what a channel repeats.
IDEMPOTENT = (
    f"/{SERVICE}.AuthService/Refresh",
    f"/{SERVICE}.AuthService/Logout",
    f"/{SERVICE}.AuthService/ListSessions",
    f"/{SERVICE}.AuthService/EndSession",
    f"/{SERVICE}.AuthService/EndAllSessions",
    f"/{SERVICE}.KeyService/GetKeySet",
    f"/{SERVICE}.KeyService/ListSigningKeys",
    f"/{SERVICE}.UserService/ListUsers",
    f"/{SERVICE}.UserService/GetUser",
    f"/{SERVICE}.UserService/ListApiKeys",
    f"/{SERVICE}.UserService/DeleteApiKey",
    f"/{SERVICE}.ClientService/Introspect",
    f"/{SERVICE}.ClientService/RevokeToken",
    f"/{SERVICE}.ClientService/DeleteClient",
    f"/{SERVICE}.AuditService/ListAuditEvents",
)
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Device:
    """Where a sign-in comes from."""

    address: str
    user_agent: str
    token: str = ""

    def wire(self) -> pb.ClientContext:
        return pb.ClientContext(
            address=self.address, user_agent=self.user_agent[:256], device_token=self.token
        )


class AuthUpstream:
    """Every call in the caller's own name, within its time.

    Args:
        channel: to auth.
        seconds: the longest anything but a sign-in takes, and that auth may be silent.
        login_seconds: the longest a sign-in takes while auth is alive; hashing queues.
    """

    def __init__(self, channel: grpc.aio.Channel, *, seconds: float, login_seconds: float) -> None:
        self._auth = rpc.AuthServiceStub(channel)
        self._health = health_pb2_grpc.HealthStub(channel)
        self._seconds = seconds
        self._login_seconds = login_seconds

    async def login(self, username: str, password: str, device: Device) -> tuple[TokenPair, str]:
        """The pair, and the token that makes this device known."""
        asked = pb.LoginRequest(username=username, password=password, client=device.wire())
        answer = await self._while_alive(
            call(self._auth.Login, asked, peer=PEER, seconds=self._login_seconds)
        )
        return token_pair(answer.tokens), answer.device_token

    async def refresh(self, token: str, device: Device) -> TokenPair:
        asked = pb.RefreshRequest(refresh_token=token, client=device.wire())
        answer = await call(self._auth.Refresh, asked, peer=PEER, seconds=self._seconds)
        return token_pair(answer.tokens)

    async def logout(self, token: str, refresh_token: str | None) -> None:
        asked = pb.LogoutRequest(refresh_token=refresh_token or "")
        await call(self._auth.Logout, asked, peer=PEER, seconds=self._seconds, token=token)

    async def sessions(self, token: str) -> list[SessionShown]:
        answer = await call(
            self._auth.ListSessions, pb.ListSessionsRequest(), peer=PEER, seconds=self._seconds, token=token
        )
        return [_session(session) for session in answer.sessions]

    async def end_session(self, token: str, session_id: str) -> None:
        asked = pb.EndSessionRequest(session_id=session_id)
        await call(self._auth.EndSession, asked, peer=PEER, seconds=self._seconds, token=token)

    async def end_all_sessions(self, token: str) -> int:
        answer: pb.EndAllSessionsResponse = await call(
            self._auth.EndAllSessions,
            pb.EndAllSessionsRequest(),
            peer=PEER,
            seconds=self._seconds,
            token=token,
        )
        return answer.ended

    async def change_password(self, token: str, current: str, new: str) -> None:
        asked = pb.ChangePasswordRequest(current_password=current, new_password=new)
        await self._while_alive(
            call(self._auth.ChangePassword, asked, peer=PEER, seconds=self._login_seconds, token=token)
        )

    async def redeem_reset(self, reset_token: str, new: str) -> None:
        asked = pb.RedeemPasswordResetRequest(reset_token=reset_token, new_password=new)
        await self._while_alive(
            call(self._auth.RedeemPasswordReset, asked, peer=PEER, seconds=self._login_seconds)
        )

    async def bootstrap(self, asked: Bootstrap) -> UserShown:
        request = pb.BootstrapRequest(
            bootstrap_secret=asked.bootstrap_secret, username=asked.username, password=asked.password
        )
        answer = await self._while_alive(
            call(self._auth.Bootstrap, request, peer=PEER, seconds=self._login_seconds)
        )
        return user_shown(answer.user)

    async def _while_alive(self, slow: Coroutine[Any, Any, Any]) -> Any:
        """A call that may queue behind hashing, given up on within `seconds` if auth is silent altogether."""
        under_way = asyncio.ensure_future(slow)
        try:
            done, _ = await asyncio.wait({under_way}, timeout=self._seconds / 2)
            if not done and not await self._answers():
                raise Unavailable("The auth service does not answer; try again.", retry_after=_RETRY_SECONDS)
            return await under_way
        finally:
            under_way.cancel()

    async def _answers(self) -> bool:
        try:
            await call(
                self._health.Check, health_pb2.HealthCheckRequest(), peer=PEER, seconds=self._seconds / 2
            )
        except ServiceError:
            return False
        return True


def role(value: pb.Role.ValueType) -> Literal["user", "admin"]:
    return "admin" if value == pb.ROLE_ADMIN else "user"


def user_shown(user: pb.User) -> UserShown:
    return UserShown(
        id=user.id,
        username=user.username,
        role=role(user.role),
        disabled=user.disabled,
        service_account=user.service_account,
        created_at=moment(user.created_at),
        last_sign_in_at=moment_or_none(user.last_sign_in_at),
    )


def token_pair(tokens: pb.TokenPair) -> TokenPair:
    return TokenPair(
        access_token=tokens.access_token,
        expires_in=tokens.expires_in,
        refresh_token=tokens.refresh_token,
        refresh_expires_in=tokens.refresh_expires_in,
        session_id=tokens.session_id,
        role=role(tokens.role),
    )


def _session(session: pb.Session) -> SessionShown:
    return SessionShown(
        id=session.id,
        user_agent=session.user_agent,
        address=session.address,
        created_at=moment(session.created_at),
        last_seen_at=moment(session.last_seen_at),
        expires_at=moment(session.expires_at),
        current=session.current,
    )

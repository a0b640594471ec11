"""Sign-in and sessions, asked of auth in the caller's own name."""

from dataclasses import dataclass
from typing import Literal

import grpc

from chassis.grpc.client import call
from gateway.shapes.admin import Bootstrap, UserShown
from gateway.shapes.sign_in import SessionShown, TokenPair
from gateway.upstreams.hashing import HashingCalls
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
        login_seconds: the longest a sign-in takes once auth has begun on it; hashing queues.
    """

    def __init__(self, channel: grpc.aio.Channel, *, seconds: float, login_seconds: float) -> None:
        self._auth = rpc.AuthServiceStub(channel)
        self._seconds = seconds
        hashing = HashingCalls(channel, peer=PEER, silence=seconds, seconds=login_seconds)
        self._hashing = hashing
        name = f"/{SERVICE}.AuthService"
        self._login = hashing.method(f"{name}/Login", pb.LoginRequest, pb.LoginResponse)
        self._change = hashing.method(
            f"{name}/ChangePassword", pb.ChangePasswordRequest, pb.ChangePasswordResponse
        )
        self._redeem = hashing.method(
            f"{name}/RedeemPasswordReset", pb.RedeemPasswordResetRequest, pb.RedeemPasswordResetResponse
        )
        self._bootstrap = hashing.method(f"{name}/Bootstrap", pb.BootstrapRequest, pb.BootstrapResponse)

    async def login(self, username: str, password: str, device: Device) -> tuple[TokenPair, str]:
        """The pair, and the token that makes this device known."""
        asked = pb.LoginRequest(username=username, password=password, client=device.wire())
        answer = await self._hashing(self._login, asked)
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
        await self._hashing(self._change, asked, token=token)

    async def redeem_reset(self, reset_token: str, new: str) -> None:
        asked = pb.RedeemPasswordResetRequest(reset_token=reset_token, new_password=new)
        await self._hashing(self._redeem, asked)

    async def bootstrap(self, asked: Bootstrap) -> UserShown:
        request = pb.BootstrapRequest(
            bootstrap_secret=asked.bootstrap_secret, username=asked.username, password=asked.password
        )
        answer = await self._hashing(self._bootstrap, request)
        return user_shown(answer.user)


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

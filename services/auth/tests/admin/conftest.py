"""An admin signed in at a replica, and what they ask for, a line each."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chassis.errors import Unauthenticated
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc

Works = Callable[[pb.TokenPair], Awaitable[bool]]

_ENDED = {"TOKEN_REVOKED", "SESSION_ENDED", "INVALID_REFRESH_TOKEN"}


class Admin:
    """Asks as root; `as_` asks as somebody else, and None as nobody."""

    def __init__(self, replica: Any, tokens: pb.TokenPair | None) -> None:
        self.replica = replica
        self.tokens = tokens
        self.users = rpc.UserServiceStub(replica.channel)
        self.clients = rpc.ClientServiceStub(replica.channel)
        self.trail = rpc.AuditServiceStub(replica.channel)

    def as_(self, tokens: pb.TokenPair | None) -> "Admin":
        return Admin(self.replica, tokens)

    def at(self, replica: Any) -> "Admin":
        return Admin(replica, None)

    async def ask(self, method: Callable[..., Any], request: Any) -> Any:
        return await self.replica.call(method, request, self.tokens)

    async def create(self, username: str, **changes: Any) -> pb.CreateUserResponse:
        return await self.ask(self.users.CreateUser, pb.CreateUserRequest(username=username, **changes))

    async def update(self, user: str, **changes: Any) -> pb.User:
        return (await self.ask(self.users.UpdateUser, pb.UpdateUserRequest(user_id=user, **changes))).user

    async def named(self, username: str) -> pb.User:
        listed = await self.ask(self.users.ListUsers, pb.ListUsersRequest(page_size=200))
        return next(user for user in listed.users if user.username == username)

    async def registered(self) -> pb.ClientCredentials:
        """A third party, as its credentials."""
        request = pb.RegisterClientRequest(name="billing")
        return (await self.ask(self.clients.RegisterClient, request)).credentials

    async def introspected(self, credentials: pb.ClientCredentials, token: str) -> pb.IntrospectResponse:
        request = pb.IntrospectRequest(credentials=credentials, token=token)
        return await self.as_(None).ask(self.clients.Introspect, request)

    async def revoke(self, credentials: pb.ClientCredentials, token: str) -> None:
        request = pb.RevokeTokenRequest(credentials=credentials, token=token)
        await self.as_(None).ask(self.clients.RevokeToken, request)

    async def refused_soon(self, tokens: pb.TokenPair) -> bool:
        """Whether an access token is refused within a second, however long it lives."""
        async with asyncio.timeout(1.0):
            while True:
                try:
                    await self.as_(tokens).ask(self.replica.auth.ListSessions, pb.ListSessionsRequest())
                except Unauthenticated:
                    return True
                await asyncio.sleep(0.01)

    async def events(self) -> list[pb.AuditEvent]:
        listed = await self.ask(self.trail.ListAuditEvents, pb.ListAuditEventsRequest(page_size=200))
        return list(listed.events)


@pytest.fixture
async def admin(auth: Any) -> Admin:
    return Admin(auth, await auth.login("root"))


@pytest.fixture
def still_works(auth: Any) -> Works:
    """Whether an access token is taken and its session can be refreshed."""

    async def works(tokens: pb.TokenPair) -> bool:
        return all(await _answers(auth, tokens))

    return works


@pytest.fixture
def ended_soon(auth: Any) -> Works:
    """Whether neither is, within a second: replicas hear of it by the database, not in the very instant."""

    async def ended(tokens: pb.TokenPair) -> bool:
        async with asyncio.timeout(1.0):
            while any(await _answers(auth, tokens)):
                await asyncio.sleep(0.01)
        return True

    return ended


async def _answers(auth: Any, tokens: pb.TokenPair) -> list[bool]:
    answers = []
    for call, request, token in (
        (auth.auth.ListSessions, pb.ListSessionsRequest(), tokens),
        (auth.auth.Refresh, pb.RefreshRequest(refresh_token=tokens.refresh_token), None),
    ):
        try:
            await auth.call(call, request, token)
        except Unauthenticated as refused:
            answers.append(refused.reason not in _ENDED)
        else:
            answers.append(True)
    return answers

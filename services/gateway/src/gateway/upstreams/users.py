"""Users and service accounts, administered in the admin's own name."""

import grpc

from chassis.grpc.client import call
from gateway.shapes import admin as shapes
from gateway.upstreams.auth import PEER, SERVICE, user_shown
from gateway.upstreams.hashing import HashingCalls
from gateway.upstreams.timestamps import moment, moment_or_none
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc


class UsersUpstream:
    """Calls that set a password have longer, since hashing queues.

    Args:
        channel: to auth.
        seconds: the longest a call takes that hashes nothing.
        hashing_seconds: the longest a call takes that sets a password, once auth has begun on it.
    """

    def __init__(self, channel: grpc.aio.Channel, *, seconds: float, hashing_seconds: float) -> None:
        self._users = rpc.UserServiceStub(channel)
        self._seconds = seconds
        hashing = HashingCalls(channel, peer=PEER, silence=seconds, seconds=hashing_seconds)
        self._hashing = hashing
        name = f"/{SERVICE}.UserService"
        self._create = hashing.method(f"{name}/CreateUser", pb.CreateUserRequest, pb.CreateUserResponse)
        self._reset = hashing.method(
            f"{name}/ResetPassword", pb.ResetPasswordRequest, pb.ResetPasswordResponse
        )

    async def create(self, token: str, asked: shapes.UserCreation) -> shapes.UserCreated:
        request = pb.CreateUserRequest(
            username=asked.username,
            password=asked.password or "",
            role=_wire_role(asked.role),
            service_account=asked.service_account,
        )
        answer = await self._hashing(self._create, request, token=token)
        return shapes.UserCreated(user=user_shown(answer.user), reset_token=answer.reset_token or None)

    async def page(self, token: str, size: int, page_token: str) -> shapes.UserPage:
        request = pb.ListUsersRequest(page_size=size, page_token=page_token)
        answer = await call(self._users.ListUsers, request, peer=PEER, seconds=self._seconds, token=token)
        return shapes.UserPage(
            users=[user_shown(found) for found in answer.users], next_page_token=answer.next_page_token
        )

    async def get(self, token: str, user_id: str) -> shapes.UserShown:
        request = pb.GetUserRequest(user_id=user_id)
        answer = await call(self._users.GetUser, request, peer=PEER, seconds=self._seconds, token=token)
        return user_shown(answer.user)

    async def update(self, token: str, user_id: str, asked: shapes.UserChange) -> shapes.UserShown:
        request = pb.UpdateUserRequest(user_id=user_id, disabled=asked.disabled)
        if asked.role is not None:
            request.role = _wire_role(asked.role)
        answer = await call(self._users.UpdateUser, request, peer=PEER, seconds=self._seconds, token=token)
        return user_shown(answer.user)

    async def reset_password(self, token: str, user_id: str, new: str | None) -> shapes.PasswordReset:
        request = pb.ResetPasswordRequest(user_id=user_id, new_password=new or "")
        answer = await self._hashing(self._reset, request, token=token)
        return shapes.PasswordReset(
            reset_token=answer.reset_token or None, expires_at=moment_or_none(answer.reset_token_expires_at)
        )

    async def delete(self, token: str, user_id: str) -> None:
        request = pb.DeleteUserRequest(user_id=user_id)
        await call(self._users.DeleteUser, request, peer=PEER, seconds=self._seconds, token=token)

    async def create_key(
        self, token: str, user_id: str, asked: shapes.ApiKeyCreation
    ) -> shapes.ApiKeyCreated:
        request = pb.CreateApiKeyRequest(user_id=user_id, scopes=asked.scopes, expires_in=asked.expires_in)
        answer = await call(self._users.CreateApiKey, request, peer=PEER, seconds=self._seconds, token=token)
        return shapes.ApiKeyCreated(api_key=_api_key(answer.api_key), secret=answer.secret)

    async def keys(self, token: str, user_id: str) -> shapes.ApiKeyList:
        request = pb.ListApiKeysRequest(user_id=user_id)
        answer = await call(self._users.ListApiKeys, request, peer=PEER, seconds=self._seconds, token=token)
        return shapes.ApiKeyList(api_keys=[_api_key(key) for key in answer.api_keys])

    async def delete_key(self, token: str, user_id: str, key_id: str) -> None:
        request = pb.DeleteApiKeyRequest(user_id=user_id, api_key_id=key_id)
        await call(self._users.DeleteApiKey, request, peer=PEER, seconds=self._seconds, token=token)


def _wire_role(name: shapes.Role) -> pb.Role.ValueType:
    return pb.ROLE_ADMIN if name == "admin" else pb.ROLE_USER


def _api_key(message: pb.ApiKey) -> shapes.ApiKeyShown:
    return shapes.ApiKeyShown(
        id=message.id,
        prefix=message.prefix,
        scopes=list(message.scopes),
        created_at=moment(message.created_at),
        expires_at=moment(message.expires_at),
        last_used_at=moment_or_none(message.last_used_at),
    )

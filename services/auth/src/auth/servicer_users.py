"""UserService on the wire."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from auth.callers import admin
from auth.domain.admin.api_keys import ApiKeys
from auth.domain.admin.stores import ApiKey, User
from auth.domain.admin.users import Users, user_not_found
from auth.wire import ROLES, cursor, identity, moment, page_size, page_token, role
from chassis.errors import Invalid, NotFound
from chassis.grpc.begun import tell_begun
from reliability.auth.v1 import auth_pb2 as pb
from reliability.auth.v1 import auth_pb2_grpc as rpc


class UserServicer(rpc.UserServiceServicer):
    def __init__(self, *, users: Users, api_keys: ApiKeys) -> None:
        self._users = users
        self._api_keys = api_keys

    async def CreateUser(self, request: pb.CreateUserRequest, context: Any) -> pb.CreateUserResponse:
        who = admin()
        await tell_begun(context)
        user, reset = await self._users.create(
            who.sub,
            request.username,
            password=request.password,
            role=role(request.role, otherwise="user"),
            service_account=request.service_account,
        )
        return pb.CreateUserResponse(user=shown(user), reset_token=reset.text if reset else "")

    async def ListUsers(self, request: pb.ListUsersRequest, context: Any) -> pb.ListUsersResponse:
        admin()
        users, after = await self._users.page(cursor(request.page_token), page_size(request.page_size))
        return pb.ListUsersResponse(users=[shown(user) for user in users], next_page_token=page_token(after))

    async def GetUser(self, request: pb.GetUserRequest, context: Any) -> pb.GetUserResponse:
        admin()
        return pb.GetUserResponse(
            user=shown(await self._users.get(identity(request.user_id, user_not_found)))
        )

    async def UpdateUser(self, request: pb.UpdateUserRequest, context: Any) -> pb.UpdateUserResponse:
        who = admin()
        if request.HasField("role") and request.role == pb.ROLE_UNSPECIFIED:
            raise Invalid("There is no such role.", reason="INVALID_ROLE")
        user = await self._users.update(
            who.sub,
            identity(request.user_id, user_not_found),
            role=role(request.role, otherwise="user") if request.HasField("role") else None,
            disabled=request.disabled if request.HasField("disabled") else None,
        )
        return pb.UpdateUserResponse(user=shown(user))

    async def ResetPassword(self, request: pb.ResetPasswordRequest, context: Any) -> pb.ResetPasswordResponse:
        who = admin()
        await tell_begun(context)
        reset = await self._users.reset_password(
            who.sub, identity(request.user_id, user_not_found), request.new_password
        )
        if reset is None:
            return pb.ResetPasswordResponse()
        return pb.ResetPasswordResponse(
            reset_token=reset.text, reset_token_expires_at=moment(reset.expires_at)
        )

    async def DeleteUser(self, request: pb.DeleteUserRequest, context: Any) -> pb.DeleteUserResponse:
        await self._users.delete(admin().sub, identity(request.user_id, user_not_found))
        return pb.DeleteUserResponse()

    async def CreateApiKey(self, request: pb.CreateApiKeyRequest, context: Any) -> pb.CreateApiKeyResponse:
        who = admin()
        if request.expires_in < 0:
            raise Invalid("An API key lives for a year at most.", reason="INVALID_LIFETIME")
        key, secret = await self._api_keys.create(
            who.sub,
            identity(request.user_id, user_not_found),
            scopes=request.scopes,
            # As many seconds as a timedelta cannot hold are too many in any case.
            lifetime=timedelta(seconds=min(request.expires_in, 10**9)) or None,
        )
        return pb.CreateApiKeyResponse(api_key=_key(key), secret=secret)

    async def ListApiKeys(self, request: pb.ListApiKeysRequest, context: Any) -> pb.ListApiKeysResponse:
        admin()
        return pb.ListApiKeysResponse(
            api_keys=_keys(await self._api_keys.of(identity(request.user_id, user_not_found)))
        )

    async def DeleteApiKey(self, request: pb.DeleteApiKeyRequest, context: Any) -> pb.DeleteApiKeyResponse:
        who = admin()
        try:
            user = identity(request.user_id, user_not_found)
            key = identity(request.api_key_id, user_not_found)
        except NotFound:
            # What cannot exist is gone already.
            return pb.DeleteApiKeyResponse()
        await self._api_keys.delete(who.sub, user, key)
        return pb.DeleteApiKeyResponse()


def shown(user: User) -> pb.User:
    return pb.User(
        id=str(user.id),
        username=user.username,
        role=ROLES[user.role],
        disabled=user.disabled,
        service_account=user.service_account,
        created_at=moment(user.created_at),
        last_sign_in_at=moment(user.last_sign_in_at),
    )


def _keys(keys: Sequence[ApiKey]) -> list[pb.ApiKey]:
    return [_key(key) for key in keys]


def _key(key: ApiKey) -> pb.ApiKey:
    return pb.ApiKey(
        id=str(key.id),
        prefix=key.prefix,
        scopes=key.scopes,
        created_at=moment(key.created_at),
        expires_at=moment(key.expires_at),
        last_used_at=moment(key.last_used_at),
    )

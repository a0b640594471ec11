"""Administration of users and service accounts; every change ends the sessions it concerns."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from gateway.routes.context import Context, Token, never_stored, problems
from gateway.shapes.admin import (
    ApiKeyCreated,
    ApiKeyCreation,
    ApiKeyList,
    PasswordReset,
    PasswordSet,
    UserChange,
    UserCreated,
    UserCreation,
    UserPage,
    UserShown,
)
from gateway.shapes.strict import Id

PageSize = Annotated[int, Query(ge=1, le=200)]
PageToken = Annotated[str, Query(max_length=512, pattern=r"^[A-Za-z0-9_=.-]*$")]
UserId = Annotated[Id, Path()]
_READ = problems(401, 403, 404, 429, 503)
_WRITE = problems(400, 401, 403, 404, 409, 429, 503)


def user_routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/users", tags=["Users"])
    users = context.users

    @router.get("", operation_id="list_users", responses=problems(400, 401, 403, 429, 503))
    async def list_users(
        token: Token, response: Response, page_size: PageSize = 50, page_token: PageToken = ""
    ) -> UserPage:
        """Users by name."""
        never_stored(response)
        return await users.page(token, page_size, page_token)

    @router.post(
        "", operation_id="create_user", status_code=201, responses=problems(400, 401, 403, 409, 429, 503)
    )
    async def create_user(token: Token, response: Response, body: UserCreation) -> UserCreated:
        """Creates a user, or a service account that signs in with API keys."""
        never_stored(response)
        return await users.create(token, body)

    @router.get("/{user_id}", operation_id="get_user", responses=_READ)
    async def get_user(token: Token, response: Response, user_id: UserId) -> UserShown:
        never_stored(response)
        return await users.get(token, user_id)

    @router.patch("/{user_id}", operation_id="update_user", responses=_WRITE)
    async def update_user(token: Token, response: Response, user_id: UserId, body: UserChange) -> UserShown:
        """Changes the role, disables or enables."""
        never_stored(response)
        return await users.update(token, user_id, body)

    @router.delete("/{user_id}", operation_id="delete_user", status_code=204, responses=_WRITE)
    async def delete_user(token: Token, user_id: UserId) -> None:
        """Removes a user; what the audit trail says of them stays."""
        await users.delete(token, user_id)

    @router.post("/{user_id}/password", operation_id="reset_password", responses=_WRITE)
    async def reset_password(
        token: Token, response: Response, user_id: UserId, body: PasswordSet
    ) -> PasswordReset:
        """Sets a password, or makes a one-time token with which the user sets it."""
        never_stored(response)
        return await users.reset_password(token, user_id, body.new_password)

    @router.get("/{user_id}/api-keys", operation_id="list_api_keys", responses=_READ)
    async def list_api_keys(token: Token, response: Response, user_id: UserId) -> ApiKeyList:
        """The keys of a service account, without their secrets."""
        never_stored(response)
        return await users.keys(token, user_id)

    @router.post("/{user_id}/api-keys", operation_id="create_api_key", status_code=201, responses=_WRITE)
    async def create_api_key(
        token: Token, response: Response, user_id: UserId, body: ApiKeyCreation
    ) -> ApiKeyCreated:
        """Makes a key for a service account; its secret is shown this once."""
        never_stored(response)
        return await users.create_key(token, user_id, body)

    @router.delete(
        "/{user_id}/api-keys/{key_id}", operation_id="delete_api_key", status_code=204, responses=_WRITE
    )
    async def delete_api_key(token: Token, user_id: UserId, key_id: Annotated[Id, Path()]) -> None:
        """Ends a key and the access tokens made from it."""
        await users.delete_key(token, user_id, key_id)

    return router
